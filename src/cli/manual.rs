//! The commands of the manual page, made from the commands themselves: `UPDATE_GOLDENS=1 cargo test --lib cli::manual`
//! writes them into `deploy/debian/flashjig.1`, whose other sections are written by hand.

use super::Cli;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/debian/flashjig.1");
/// Between these lines stands what is made.
const BEGIN: &str = ".SH COMMANDS\n";
const END: &str = ".SH EXIT STATUS\n";

/// A subsection for each command, those of its own commands behind it.
fn subsections(cli: Command) -> String {
    // the page says once that every command has --help
    let mut cli = cli.disable_help_flag(true);
    cli.build();
    cli.get_subcommands().map(with_its_own).collect()
}

fn with_its_own(command: &Command) -> String {
    if command.is_hide_set() {
        return String::new();
    }
    let inner: String = command.get_subcommands().map(with_its_own).collect();
    subsection(command.clone()) + &inner
}

/// How a command is called, what it does, its arguments.
fn subsection(mut command: Command) -> String {
    let name = command.get_bin_name().unwrap().to_owned();
    let usage = command.render_usage().to_string();
    let has_arguments = command.get_arguments().any(|argument| !argument.is_hide_set());
    let man = Man::new(command.override_usage(usage.replace("Usage: ", "")));
    let mut roff = Vec::new();
    man.render_synopsis_section(&mut roff).unwrap();
    man.render_description_section(&mut roff).unwrap();
    if has_arguments {
        man.render_options_section(&mut roff).unwrap();
    }
    // each begins with the definition of a string for the apostrophe, which the page would need only once
    let text = String::from_utf8(roff).unwrap().replace("\\*(Aq", "\\(aq");
    let lines = text.lines().filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "));
    // what are sections there are paragraphs here
    let lines = lines.map(|line| if line.starts_with(".SH ") { ".PP" } else { line }.trim_end());
    let body: Vec<&str> = lines.skip_while(|line| *line == ".PP").collect();
    // two macros in a row that both begin a paragraph, or break a line around an empty one, are a fault to mandoc
    let body = body.join("\n").replace(".PP\n.TP\n", ".TP\n").replace("\n.br\n\n.br\n", "\n.sp\n");
    format!(".SS {}\n{body}\n", name.replace('-', "\\-"))
}

#[test]
fn the_manual_page_is_made_from_the_commands() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (old, tail) = rest.split_once(END).unwrap();
    let new = subsections(Cli::command());
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(PAGE, format!("{head}{BEGIN}{new}{END}{tail}")).unwrap();
    } else {
        let differs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(old == new, "{PAGE} is old, at {differs:?}: UPDATE_GOLDENS=1 cargo test --lib cli::manual");
    }
}

#[test]
fn a_command_stands_in_the_manual_page_with_its_options_and_its_own_commands() {
    let page = subsections(Cli::command());
    for words in [
        ".SS flashjig jig\\-test\n\\fBflashjig jig\\-test\\fR [OPTIONS]",
        ".SS flashjig backup export\n\\fBflashjig backup export\\fR [OPTIONS] <SEQ> <FILE>\n",
        "\\fB\\-\\-unit\\fR \\fI<SEQ>\\fR\nThe unit whose backup it is",
        "[default: /etc/flashjig/flashjig.toml]",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let shown = Cli::command().get_subcommands().filter(|command| !command.is_hide_set()).count();
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SS flashjig ")).collect();
    assert_eq!(sections.iter().filter(|name| !name.contains(' ')).count(), shown, "{sections:?}");
    assert!(!page.contains("\\-\\-help") && !page.contains("\\*("), "said once, and in no string of its own");
}

#[test]
fn a_changed_option_makes_the_manual_page_old() {
    let changed = Cli::command().mut_subcommand("once", |once| once.mut_arg("slot", |slot| slot.help("Another")));
    let added = Cli::command().mut_subcommand("safe", |safe| safe.arg(clap::Arg::new("new").long("new")));
    for other in [changed, added] {
        assert_ne!(subsections(other), subsections(Cli::command()));
    }
}
