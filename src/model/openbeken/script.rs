//! A template as the lines that a console, `autoexec.bat` or the startup command takes.

use super::template::Template;

/// The template's lines, in the order of its pins.
pub fn lines(template: &Template) -> Vec<String> {
    let mut lines: Vec<String> = template
        .pins
        .iter()
        .map(|(&number, pin)| {
            let line = format!("backlog setPinRole {number} {}; setPinChannel {number} {}", pin.role, pin.channel);
            if pin.channel2 == 0 { line } else { format!("{line} {}", pin.channel2) }
        })
        .collect();
    lines.extend(template.flags.as_ref().map(|flags| format!("Flags {flags}")));
    if !template.command.is_empty() {
        lines.push(format!("StartupCommand \"{}\"", template.command));
    }
    lines
}

/// What OpenBeken's web application sends first: what was there before is gone.
const CLEAR: [&str; 4] = ["ClearIO", "lfs_format", "StartupCommand \"\"", "stopDriver *"];

/// All that its "clear OBK and apply new script" sends, one command each, in that order.
pub fn clear_and_apply(template: &Template) -> Vec<String> {
    CLEAR.into_iter().map(str::to_owned).chain(lines(template)).collect()
}

/// The text of an `autoexec.bat` that sets the template's pins and runs its command. Pins and flags set by other means
/// persist, so a unit with a written configuration needs none.
pub fn autoexec(template: &Template) -> String {
    let mut text = String::new();
    let bare = Template { command: String::new(), ..template.clone() };
    for line in lines(&bare).iter().chain((!template.command.is_empty()).then_some(&template.command)) {
        text.push_str(line);
        text.push('\n');
    }
    text
}
