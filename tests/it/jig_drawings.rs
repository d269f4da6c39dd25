//! What the drawings of the jig and its list of parts must agree on.

use std::collections::BTreeSet;

/// Header pin of each BCM number from 0 to 27.
const HEADER: [u8; 28] =
    [27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33, 8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37, 13];

/// What stands before the number in the name of a part.
const KINDS: [&str; 10] = ["R", "C", "D", "U", "Q", "M", "F", "J", "SW", "BZ"];

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/deploy/jig/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// All texts of a drawing, without their marks.
fn texts(drawing: &str) -> Vec<String> {
    let svg = file(drawing);
    let after = svg.split("<text").skip(1).map(|rest| rest.split_once('>').unwrap().1.split("</text>").next().unwrap());
    after
        .map(|text| {
            text.split('<').map(|part| part.split_once('>').map_or(part, |(_, shown)| shown)).collect::<String>()
        })
        .collect()
}

fn parts(texts: &[String]) -> BTreeSet<String> {
    let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    words
        .filter(|word| {
            let kind = word.trim_end_matches(|c: char| c.is_ascii_digit());
            KINDS.contains(&kind) && (1..=2).contains(&(word.len() - kind.len()))
        })
        .map(str::to_string)
        .collect()
}

#[test]
fn every_part_that_is_drawn_can_be_bought() {
    let list = file("parts.csv");
    for (drawing, also) in
        [("one-slot.svg", vec!["one-slot", "second choice"]), ("one-slot-modules.svg", vec!["one-slot-modules"])]
    {
        let listed: BTreeSet<String> = list
            .lines()
            .skip(1)
            .map(|line| line.split(',').take(2).collect::<Vec<_>>())
            .filter(|fields| fields[1] == "both" || also.contains(&fields[1]))
            .map(|fields| fields[0].to_string())
            .collect();
        let drawn = parts(&texts(drawing));
        assert!(drawn.len() > 15, "{drawing}: its parts are found");
        // the HAT's close-up names the part that its module stands for
        let missing: Vec<_> =
            drawn.difference(&listed).filter(|part| drawing == "one-slot.svg" || *part != "U3").collect();
        assert!(missing.is_empty(), "{drawing}: {missing:?} are drawn and not in parts.csv");
    }
}

#[test]
fn the_header_pins_are_those_of_their_gpio_numbers() {
    for (drawing, least) in [("one-slot.svg", 15), ("four-slots.svg", 24)] {
        let mut seen = 0;
        for text in texts(drawing) {
            let Some((gpio, pin)) = text.strip_prefix("GPIO").and_then(|rest| rest.split_once(" pin ")) else {
                continue;
            };
            let gpio: usize = gpio.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(HEADER[gpio].to_string(), pin, "{drawing}: {text}");
            seen += 1;
        }
        assert!(seen >= least, "{drawing}: {seen} pins are named, expected {least} or more");
    }
}
