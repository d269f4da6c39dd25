//! OpenBeken's version in comparable form.

/// A version. Its order is that of age; a variant is older than the plain build of the same number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Builds of a branch are named by a number without dots (`2178_merge_..`): older than any release.
    is_release: bool,
    numbers: Vec<u64>,
    /// Variants of a release carry a suffix (`1.18.302_berry`); the release itself goes first.
    is_whole: bool,
}

impl Version {
    /// From text such as `1.18.300` or `1.18.302_berry`.
    pub fn of(text: &str) -> Self {
        let (numbers, suffix) = split(text);
        let numbers: Vec<u64> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
        Self { is_release: numbers.len() > 1, numbers, is_whole: suffix.is_empty() }
    }

    /// Whether it has a number that can be compared; one of a branch has not.
    pub fn is_release(&self) -> bool {
        self.is_release
    }

    /// Whether its number is lower than `other`'s, whatever the variants.
    pub fn is_before(&self, other: &Self) -> bool {
        self.numbers < other.numbers
    }
}

/// What follows a version's number, such as `tuyaMCU` or `ALT`; empty for a plain build.
pub fn variant(text: &str) -> &str {
    split(text).1.trim_start_matches('_')
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let rising = ["2178_merge_bde63cebc7e3", "1.9.300", "1.17.9", "1.17.10", "1.18.302_berry", "1.18.302", "2.0"];
        assert!(rising.is_sorted_by(|a, b| Version::of(a) < Version::of(b)));
        assert!(Version::of("1.18.24_berry").is_before(&Version::of("1.18.25")));
        assert!(!Version::of("1.18.25_berry").is_before(&Version::of("1.18.25")));
    }

    #[test]
    fn a_variant_is_what_follows_the_number() {
        for (text, expected) in [("1.18.300", ""), ("1.18.302_berry", "berry"), ("1.18.300_ALT", "ALT"), ("", "")] {
            assert_eq!(variant(text), expected);
        }
    }
}
