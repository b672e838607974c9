//! Formats Markdown tables.

use std::fmt;

/// A table that is printed when it is complete.
#[derive(Debug)]
pub struct Table {
    lines: Vec<String>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self { lines: Vec::new() };
        table.row(columns);
        table.lines.push(format!("|{}", "---|".repeat(columns.len())));
        table
    }

    pub fn row(&mut self, cells: &[impl AsRef<str>]) {
        let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.lines.join("\n"))
    }
}
