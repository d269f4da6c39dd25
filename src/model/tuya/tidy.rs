//! Settings as they are passed on: they go into records, lists and pages, whoever wrote them into the flash.

use crate::model::chip::plain;
use serde_json::{Map, Value};

/// More settings than this no plug has; real ones have up to 60.
const MOST: usize = 256;
/// Characters of a name.
const NAME: usize = 48;
/// Characters of a text.
const TEXT: usize = 256;

/// Leaves out what is no setting, and makes texts fit for a line.
pub(super) fn tidy(settings: &mut Map<String, Value>) {
    let is_name = |name: &str| (1..=NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let mut left = MOST;
    settings.retain(|name, _| {
        let stays = is_name(name) && left > 0;
        left -= usize::from(stays);
        stays
    });
    for value in settings.values_mut() {
        if let Value::String(text) = value {
            *text = plain::line(text, TEXT);
        }
    }
    if let Some(Value::String(module)) = settings.get_mut("module") {
        *module = plain::module(module);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_stay_and_what_is_none_goes() {
        let mut settings = json!({"rl1_pin": 6, "module": "WB2S;=1+1;x", "jv": "1.2.0", "a\nb": 1, "note": "x\ny"});
        let Value::Object(settings) = &mut settings else { panic!() };
        settings.insert("x".repeat(49), 1.into());
        settings.insert(String::new(), 1.into());
        tidy(settings);
        let expected = json!({"rl1_pin": 6, "module": "WB2S11x", "jv": "1.2.0", "note": "x?y"});
        assert_eq!(Value::Object(settings.clone()), expected);
        let mut many: Map<String, Value> = (0..5000).map(|number| (format!("k{number}"), number.into())).collect();
        tidy(&mut many);
        assert_eq!(many.len(), MOST);
    }
}
