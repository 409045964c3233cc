//! The bricks of the terminal's summary: lines, headings, wrapped sentences, tables. Called by the parts of the summary; no
//! colours, no width of its own but that of prose.

use std::fmt::Write;

/// Columns that prose is wrapped to.
const WIDTH: usize = 96;
/// Columns of a name that stands before its figure: most names fit, and a range of money fits beside it.
const NAME_WIDTH: usize = 58;

/// One line, without spaces at its end.
pub(crate) fn line(text: &mut String, content: String) {
    // A name from a file could move the cursor or colour the screen; a line is a line.
    text.extend(content.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }));
    text.push('\n');
}

/// A heading after an empty line.
pub(crate) fn heading(text: &mut String, words: &str) {
    line(text, String::new());
    line(text, words.to_owned());
}

/// Wraps a sentence; what stands before its first row becomes as many spaces before the others.
pub(crate) fn wrapped(text: &mut String, before: &str, sentence: &str) {
    let mut row = String::new();
    let mut before = before.to_owned();
    for word in sentence.split_whitespace() {
        let length = before.len() + row.chars().count() + 1 + word.chars().count();
        if !row.is_empty() && length > WIDTH {
            line(text, format!("{before}{row}"));
            before = " ".repeat(before.len());
            row.clear();
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    line(text, format!("{before}{row}"));
}

/// Writes rows of a name and its figure; a name that is longer than its column takes more than one line.
pub(crate) fn figures(text: &mut String, rows: &[[String; 2]]) {
    let mut name_line = String::new();
    for [name, figure] in rows {
        let indent = " ".repeat(name.chars().take_while(|c| *c == ' ').count());
        for word in name.split_whitespace() {
            if name_line.chars().count() + 1 + word.chars().count() > NAME_WIDTH {
                line(text, format!("  {name_line}"));
                name_line.clear();
            }
            match name_line.is_empty() {
                true => name_line = format!("{indent}{word}"),
                false => name_line += &format!(" {word}"),
            }
        }
        line(text, format!("  {name_line:<NAME_WIDTH$}  {figure}"));
        name_line.clear();
    }
}

/// Writes rows with the first column to the left and the others to the right.
pub(crate) fn aligned<const N: usize>(text: &mut String, table: &[[String; N]]) {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in table {
        let mut cells = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(cells, "  {cell:<width$}"),
                _ => write!(cells, "  {cell:>width$}"),
            };
        }
        line(text, cells);
    }
}
