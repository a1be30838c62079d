//! `COPY ... FROM STDIN` in text format.

use std::fmt::{Display, Write};

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

/// Rows for one table, as text.
#[derive(Debug)]
pub(super) struct Table {
    target: &'static str,
    text: String,
    rows: u64,
}

/// One row that is being written.
pub(super) struct Row<'a> {
    text: &'a mut String,
    is_first: bool,
}

impl Table {
    /// An empty table; `target` is its name and columns, such as `rooms (id, number)`.
    pub fn new(target: &'static str) -> Self {
        Self { target, text: String::new(), rows: 0 }
    }

    /// Begins a row.
    pub fn row(&mut self) -> Row<'_> {
        self.rows += 1;
        Row { text: &mut self.text, is_first: true }
    }

    /// How many rows were begun.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Sends all rows.
    pub async fn send(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.rows == 0 {
            return Ok(());
        }
        let statement = AssertSqlSafe(format!("COPY {} FROM STDIN", self.target));
        let mut copy = connection.copy_in_raw(statement.0.as_str()).await?;
        copy.send(self.text.as_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }
}

impl Row<'_> {
    /// Adds a value.
    pub fn value(mut self, value: impl Display) -> Self {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(Escape(self.text), "{value}");
        self
    }

    /// Adds a value, or null.
    pub fn optional(self, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.value(value),
            None => self.null(),
        }
    }

    /// Adds an instant, or null.
    pub fn instant(self, value: Option<chrono::DateTime<chrono::Utc>>) -> Self {
        self.optional(value.map(|at| at.to_rfc3339()))
    }

    /// Adds null.
    pub fn null(mut self) -> Self {
        self.separate();
        self.text.push_str("\\N");
        self
    }

    /// Ends the row.
    pub fn end(self) {
        self.text.push('\n');
    }

    fn separate(&mut self) {
        if !self.is_first {
            self.text.push('\t');
        }
        self.is_first = false;
    }
}

/// Escapes what `COPY` would read as structure.
struct Escape<'a>(&'a mut String);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '\t' => self.0.push_str("\\t"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_is_escaped() {
        let mut table = Table::new("t (a, b, c)");
        table.row().value("a\tb\\").optional(None::<&str>).value("x\ny").end();
        assert_eq!(table.text, "a\\tb\\\\\t\\N\tx\\ny\n");
    }
}
