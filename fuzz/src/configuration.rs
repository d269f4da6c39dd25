//! What a user writes: configuration, recipes, device list, templates.

use flashjig::config;
use flashjig::model::openbeken::template::Pin;
use flashjig::model::openbeken::{Device, Template, script};
use std::path::Path;

/// The first byte chooses the kind of text.
pub fn check(data: &[u8]) {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(bytes);
    let file = Path::new("x.toml");
    match kind % 4 {
        0 => {
            let problems = match config::parse(file, &text) {
                Ok((config, problems)) => {
                    assert!(!config.slots.is_empty(), "a configuration without a slot is no configuration");
                    problems
                }
                Err(problems) => {
                    assert!(problems.errors() > 0, "a refusal has a reason");
                    problems.0
                }
            };
            lines_are_in(&problems, &text);
        }
        1 => match config::recipe::parse(file, &text) {
            Ok((_, problems)) => lines_are_in(&problems, &text),
            Err(problems) => {
                assert!(problems.errors() > 0, "a refusal has a reason");
                lines_are_in(&problems.0, &text);
            }
        },
        2 => _ = Device::parse("x", &text),
        _ => {
            if let Ok(json) = serde_json::from_slice(bytes)
                && let Ok(template) = Template::from_json(&json)
            {
                _ = (script::lines(&template), script::autoexec(&template));
                let again = Template::from_json(&template.to_json());
                assert_eq!(again.as_ref(), Ok(&template), "a template reads back");
            }
            if let Some(pin) = Pin::parse(&text) {
                assert_eq!(Pin::parse(&pin.to_string()), Some(pin));
            }
        }
    }
}

fn lines_are_in(problems: &[config::Problem], text: &str) {
    let lines = text.split('\n').count();
    assert!(problems.len() <= 51, "{} problems are told", problems.len());
    for problem in problems {
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem}: the text has {lines} lines");
    }
}

/// The samples of the project.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [(u8, &str); 6] = [
        (0, include_str!("../../config/flashjig.toml")),
        (
            0,
            "[station]\ndata_dir = \"x\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyUSB0\"\n[slot.lines]\nkind = \"serial\"\nreset = \"rts\"\n",
        ),
        (1, include_str!("../../config/recipes/home.toml")),
        (
            2,
            "[match]\nmodule = \"WB2S\"\nproduct_keys = [\"k\"]\n[match.pins]\n\"6\" = \"Rel;1\"\n[template]\nname = \"x\"\nflags = \"1024\"\n",
        ),
        (
            3,
            r#"{"vendor":"a","bDetailed":"0","name":"b","model":"c","chip":"BK7231T","board":"WB2S","flags":"1024","keywords":[],"pins":{"6":"Rel;1","7":"Btn;1;2"},"command":"","image":"","wiki":""}"#,
        ),
        (3, "Rel;1;2"),
    ];
    // a mistake on each line
    let many: Vec<u8> = (0..2000).flat_map(|number| format!("key{number} = 1\n").into_bytes()).collect();
    let mut seeds: Vec<Vec<u8>> = texts.iter().map(|(kind, text)| [&[*kind][..], text.as_bytes()].concat()).collect();
    seeds.extend([0, 1].map(|kind| [&[kind][..], &many].concat()));
    seeds
}
