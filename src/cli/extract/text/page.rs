//! The page as it is put together, line by line.

use serde_json::{Map, Value};

/// Columns of the page.
const WIDTH: usize = 100;

#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn raw(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(super) fn title(&mut self, title: &str) {
        self.text.push('\n');
        self.raw(title);
    }

    pub(super) fn line(&mut self, line: &str) {
        self.raw(&format!("  {line}"));
    }

    pub(super) fn row(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name:<13}{value}"));
    }

    /// Names and values, as many side by side as fit, read downwards.
    pub(super) fn columns(&mut self, values: &Map<String, Value>) {
        let width = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let names = width(&mut values.keys().map(String::len));
        let shown: Vec<(&String, String)> = values.iter().map(|(name, value)| (name, leaf(value))).collect();
        let cell = names + 1 + width(&mut shown.iter().map(|(_, value)| value.chars().count())) + 3;
        let columns = (WIDTH / cell).clamp(1, 3);
        let rows = shown.len().div_ceil(columns).max(1);
        for row in 0..rows {
            let cells = shown.iter().skip(row).step_by(rows);
            let cells: Vec<String> =
                cells.map(|(name, value)| format!("{:<cell$}", format!("{name:<names$} {value}"))).collect();
            self.line(&cells.concat());
        }
    }
}

/// A value as a person reads it.
pub(super) fn leaf(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
