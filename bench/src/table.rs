//! The table of the budgets.

/// One line of the table.
#[derive(Debug)]
pub struct Line {
    what: String,
    budget: String,
    figure: String,
    is_met: bool,
}

/// All lines.
#[derive(Debug, Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// Adds a line and says it at once: a long run shows how far it is.
    pub fn add(&mut self, what: &str, budget: &str, figure: String, is_met: bool) {
        let line = Line { what: what.to_owned(), budget: budget.to_owned(), figure, is_met };
        println!(
            "  {} {}: {} (budget {})",
            if is_met { "met " } else { "MISS" },
            line.what,
            line.figure,
            line.budget
        );
        self.0.push(line);
    }

    /// Prints the table as Markdown; whether every budget is met.
    pub fn print(&self) -> bool {
        println!("\n| what | budget | figure | |\n| --- | --- | --- | --- |");
        for line in &self.0 {
            println!(
                "| {} | {} | {} | {} |",
                line.what,
                line.budget,
                line.figure,
                if line.is_met { "met" } else { "**missed**" }
            );
        }
        self.0.iter().all(|line| line.is_met)
    }
}
