//! The seed table as text for the terminal and as markdown.

use super::{SEED_SOURCE, SeedRow};
use crate::text::{line, wrapped};

/// The table for the terminal, a block a figure.
pub fn seed_text(rows: &[SeedRow]) -> String {
    let mut text = String::new();
    wrapped(&mut text, "", &format!("Figures of the article ({SEED_SOURCE}), and what comes out here"));
    for row in rows {
        line(&mut text, String::new());
        line(&mut text, row.figure.clone());
        wrapped(&mut text, "  here      ", &row.here);
        wrapped(&mut text, "  standing  ", row.standing.words());
        wrapped(&mut text, "  rests on  ", &row.rests_on);
    }
    text
}

/// The table in markdown.
pub fn seed_markdown(rows: &[SeedRow]) -> String {
    let mut text = String::from("| figure | here | standing | rests on |\n|---|---|---|---|\n");
    let cell = |of: &str| of.replace('|', "\\|").replace('\n', " ");
    for row in rows {
        let cells =
            [cell(&row.figure), cell(&row.here), row.standing.words().to_owned(), cell(&row.rests_on)];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text += &format!("\nFigures: {SEED_SOURCE}.\n");
    text
}
