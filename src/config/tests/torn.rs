//! One mistake is told once.

use super::problems;

#[test]
fn what_is_torn_is_told_once_and_what_went_with_it_is_not_missed() {
    insta::assert_snapshot!(problems("[station]\nname = \"x\n[[slot]\nname = \"A\"\n"), @r##"
    f.toml:2: error: not valid TOML: invalid basic string, expected `"`; see https://toml.io for how to write it
    f.toml:3: error: not valid TOML: unclosed array table, expected `]`; see https://toml.io for how to write it
    "##);
    insta::assert_snapshot!(problems("[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nlines = [1,\n"), @r##"
    f.toml:5: error: not valid TOML: unclosed array, expected `]`; see https://toml.io for how to write it
    "##);
}

#[test]
fn a_pin_without_its_table_is_one_mistake() {
    let lines = "[slot.lines]\nkind = \"gpio\"\npower = 17\n";
    let text = format!("[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyS1\"\n{lines}");
    insta::assert_snapshot!(problems(&text), @r##"
    f.toml:8: error: slot "A" lines: power must be a table, such as power = { pin = 17 }, found a number (or one too large); correct the value
    "##);
}
