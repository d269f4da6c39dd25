//! Names of the vendor's keys: a `#` in a pattern stands for the number of a part.

/// The digits of `key` where `pattern` has `#`; an empty string for a pattern without.
pub(super) fn digits<'a>(pattern: &str, key: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once('#') else {
        return (pattern == key).then_some("");
    };
    let digits = key.strip_prefix(before)?.strip_suffix(after)?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_where_the_pattern_says() {
        assert_eq!(digits("rl#_pin", "rl12_pin"), Some("12"));
        assert_eq!(digits("rl#_pin", "rl_pin"), None);
        assert_eq!(digits("rl#_pin", "rl_on1_pin"), None);
        assert_eq!(digits("onoff#", "onoff3"), Some("3"));
        assert_eq!(digits("onoff#", "onoffmode"), None);
        assert_eq!(digits("mic", "mic"), Some(""));
    }
}
