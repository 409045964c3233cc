//! The bricks of the page: parts, tables, lists. They escape what they are given, except where a name says `raw`.

use super::escape;

/// A part of the page under its heading.
pub(super) struct Part {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) content: String,
}

impl Part {
    pub(super) fn html(&self) -> String {
        let (id, heading, content) = (self.id, escape(self.heading), &self.content);
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{heading}</h2>\n{content}</section>\n"
        )
    }
}

/// An element with text in it.
pub(super) fn tag(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>\n", escape(text))
}

/// A list of sentences.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    let items: String = items.into_iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Names and values in two columns; values are raw HTML.
pub(super) fn pairs_raw(pairs: &[(&str, String)]) -> String {
    let rows = pairs.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{value}</dd>\n", escape(name)));
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// Text, to the left.
    Words(&'static str),
    /// Figures, to the right.
    Figures(&'static str),
}

/// A table with a caption; cells are raw HTML, the first of each row is its heading. `strong` tells which rows stand out.
pub(super) fn table_raw(
    caption: &str,
    columns: &[Column],
    rows: &[Vec<String>],
    strong: fn(&[String]) -> bool,
) -> String {
    let heads: String = columns
        .iter()
        .map(|column| match column {
            Column::Words(name) => format!("<th scope=\"col\">{}</th>", escape(name)),
            Column::Figures(name) => format!("<th scope=\"col\" class=\"n\">{}</th>", escape(name)),
        })
        .collect();
    let mut body = String::new();
    for row in rows {
        body.push_str(if strong(row) { "<tr class=\"strong\">" } else { "<tr>" });
        for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
            let class = if matches!(column, Column::Figures(_)) { " class=\"n\"" } else { "" };
            match at {
                0 => body.push_str(&format!("<th scope=\"row\"{class}>{cell}</th>")),
                _ => body.push_str(&format!("<td{class}>{cell}</td>")),
            }
        }
        body.push_str("</tr>\n");
    }
    format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\n<caption>{caption}</caption>\n\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n",
        caption = escape(caption)
    )
}

/// No row stands out.
pub(super) fn none(_: &[String]) -> bool {
    false
}
