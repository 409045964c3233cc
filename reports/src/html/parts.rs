//! The bricks of the page: parts, tables, lists. They escape what they are given, except where a name says `raw`.

use super::escape;

/// A part of the page under its heading.
pub(crate) struct Part {
    pub(crate) id: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) content: String,
}

impl Part {
    pub(crate) fn html(&self) -> String {
        let (id, heading, content) = (self.id, escape(self.heading), &self.content);
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{heading}</h2>\n{content}</section>\n"
        )
    }
}

/// An element with text in it.
pub(crate) fn tag(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>\n", escape(text))
}

/// A list of sentences.
pub(crate) fn list<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    let items: String = items.into_iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Names and values in two columns; values are raw HTML.
pub(crate) fn pairs_raw(pairs: &[(&str, String)]) -> String {
    let rows = pairs.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{value}</dd>\n", escape(name)));
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    /// Text, to the left.
    Words(&'a str),
    /// Figures, to the right.
    Figures(&'a str),
}

/// A table with a caption; cells are raw HTML, the first of each row is its heading. `strong` tells which rows stand out.
pub(crate) fn table_raw(
    caption: &str,
    columns: &[Column<'_>],
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

/// A chart with its title and how to read it; the SVG is raw.
pub(crate) fn figure(id: &str, title: &str, note: &str, svg: &str) -> String {
    let (id, title, note) = (escape(id), escape(title), escape(note));
    format!(
        "<figure id=\"{id}\">\n<figcaption><h3>{title}</h3>\n<p>{note}</p></figcaption>\n<div class=\"wide\">\n{svg}</div></figure>\n"
    )
}

/// No row stands out.
pub(crate) fn none(_: &[String]) -> bool {
    false
}
