//! `flashjig units --template SEQ`: what a unit's pins are, for other programs and for another plug of its kind.

use crate::fail::Failure;
use crate::model::openbeken::{Template, script};
use crate::model::unit::Unit;
use crate::store::LedgerCopy;
use serde_json::json;

/// The template of a unit's record.
pub(super) fn written(ledger: &LedgerCopy, seq: u64, json: bool) -> Result<String, Failure> {
    let unit = ledger.get(seq).map_err(Failure::broken)?;
    let unit = unit.ok_or_else(|| Failure::no(format!("there is no unit {seq}; `flashjig units` lists them")))?;
    let template = of(&unit)?;
    Ok(if json { object(seq, &template) } else { page(&template) })
}

fn of(unit: &Unit) -> Result<Template, Failure> {
    let template = unit.config.as_ref().and_then(|config| config.template.as_ref());
    let template = template.ok_or_else(|| {
        let seq = unit.seq;
        Failure::no(format!("unit {seq} has no template: no vendor's settings were found in its flash"))
    })?;
    Template::from_json(template).map_err(|error| Failure::broken(format!("record of unit {}: {error}", unit.seq)))
}

fn object(seq: u64, template: &Template) -> String {
    let object = json!({
        "seq": seq,
        "template": template.to_json(),
        "script": script::lines(template),
        "autoexec": script::autoexec(template),
    });
    format!("{object:#}\n")
}

fn page(template: &Template) -> String {
    let lines = script::lines(template).join("\n");
    format!(
        "OpenBeken template\n{}\n\nScript\n{lines}\n\nautoexec.bat\n{}",
        template.to_json(),
        script::autoexec(template)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::NO;
    use crate::model::unit::Config;
    use crate::store::Ledger;
    use crate::store::sample::unit;

    #[tokio::test]
    async fn a_template_is_printed_for_people_and_for_programs() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let template = json!({
            "vendor": "LSC", "chip": "BK7231T", "board": "WB2S", "flags": "1024", "pins": {"6": "Rel;1", "7": "Btn;1"},
            "command": "startDriver NTP",
        });
        let config = Config { template: Some(template), ..Config::default() };
        ledger.commit(Unit { config: Some(config), ..unit() }).await.unwrap();
        ledger.commit(unit()).await.unwrap();
        let copy = LedgerCopy::take(dir.path()).unwrap();
        let page = written(&copy, 1, false).unwrap();
        assert!(
            page.contains("{\"vendor\":\"LSC\",") && page.contains("\nbacklog setPinRole 6 Rel; setPinChannel 6 1\n")
        );
        assert!(page.ends_with("Flags 1024\nstartDriver NTP\n"), "{page}");
        let object: serde_json::Value = serde_json::from_str(&written(&copy, 1, true).unwrap()).unwrap();
        assert_eq!(object["template"]["pins"]["7"], "Btn;1");
        assert_eq!(object["script"][3], "StartupCommand \"startDriver NTP\"");
        for (seq, why) in [(2, "has no template"), (3, "there is no unit 3")] {
            let error = written(&copy, seq, true).unwrap_err();
            assert!(error.code == NO && error.message.contains(why), "{error}");
        }
    }
}
