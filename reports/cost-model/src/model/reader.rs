//! Walks the tables of a model file with the line of each key; every fault is collected. What a value is read as stands in
//! `values`. For the readers of this folder only; knows no policy.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::keys_of;
use crate::fault::Collector;

/// Longest name: it stands in formulas and before the names of what belongs to it.
const NAME_CHARS_MAX: usize = 60;
/// Most tables of one kind: the shipped models have under a hundred, and a mistaken file must not take minutes.
pub(super) const ITEMS_MAX: usize = 1_000;

pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// A table of the file with its dotted name; without its TOML where the file has none, so that every key is missing.
#[derive(Clone)]
pub(super) struct Section<'d> {
    table: Option<&'d DeTable<'d>>,
    pub(super) path: String,
    pub(super) line: usize,
}

impl<'d> Section<'d> {
    pub(super) fn get(&self, key: &str) -> Option<&'d Value<'d>> {
        self.table?.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn what(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

/// Reads values out of sections.
pub(super) struct Reader<'a> {
    line_starts: Vec<usize>,
    pub(super) to: Collector<'a>,
    /// Line of every key by its dotted name.
    pub(super) lines: BTreeMap<String, usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &str) -> Reader<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Reader { line_starts, to: Collector::new(file), lines: BTreeMap::new() }
    }

    /// The line of a byte, from 1.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte)
    }

    pub(super) fn line(&self, value: &Value<'_>) -> usize {
        self.line_at(value.span().start)
    }

    pub(super) fn wrong(&mut self, value: &Value<'_>, what: impl Into<String>, problem: impl Into<String>) {
        self.to.add(self.line(value), what, problem);
    }

    /// Says that a key of a section is wrong, at the key's line, or the section's when the key is missing.
    pub(super) fn fault(&mut self, of: &Section<'_>, key: &str, problem: impl Into<String>) {
        let line = of.get(key).map_or(of.line, |value| self.line(value));
        self.to.add(line, of.what(key), problem);
    }

    /// Opens a table of the kind that [`super::KEYS`] names, refusing unknown keys.
    pub(super) fn open<'d>(
        &mut self,
        value: &'d Value<'d>,
        kind: &str,
        path: String,
        line: usize,
    ) -> Section<'d> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let got = value.get_ref().type_str();
            self.wrong(value, path.clone(), format!("got {}, allowed: a table", a(got)));
        }
        self.section(table, kind, path, line)
    }

    /// The file itself.
    pub(super) fn section<'d>(
        &mut self,
        table: Option<&'d DeTable<'d>>,
        kind: &str,
        path: String,
        line: usize,
    ) -> Section<'d> {
        let section = Section { table, path, line };
        let allowed = keys_of(kind);
        for key in table.into_iter().flat_map(DeTable::keys) {
            let (line, name) = (self.line_at(key.span().start), key.get_ref().as_ref());
            match allowed.contains(&name) {
                true => drop(self.lines.insert(section.what(name), line)),
                false => {
                    let problem = format!("unknown key, allowed: {}", allowed.join(", "));
                    self.to.add(line, section.what(&shown(name)), problem);
                }
            }
        }
        section
    }

    /// A table below a section that may be missing.
    pub(super) fn table<'d>(&mut self, of: &Section<'d>, key: &str, kind: &str) -> Option<Section<'d>> {
        let value = of.get(key)?;
        Some(self.open(value, kind, of.what(key), self.line(value)))
    }

    /// The entries of a table whose keys are names that the file chooses, in the order of the file.
    pub(super) fn entries<'d>(&mut self, of: &Section<'d>, key: &str) -> Vec<(String, &'d Value<'d>, usize)> {
        let Some(value) = of.get(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                value,
                of.what(key),
                format!("got {}, allowed: a table", a(value.get_ref().type_str())),
            );
            return Vec::new();
        };
        let mut found: Vec<_> = table.iter().map(|(key, value)| (key.span().start, key, value)).collect();
        found.sort_by_key(|(at, ..)| *at);
        self.bound(of, key, found.len());
        let each = found.into_iter().take(ITEMS_MAX);
        each.map(|(at, name, value)| (name.get_ref().to_string(), value, self.line_at(at))).collect()
    }

    /// The tables `[key.NAME]`, in the order of the file.
    pub(super) fn named<'d>(&mut self, of: &Section<'d>, key: &str) -> Vec<(String, Section<'d>)> {
        let kind = format!("{}.NAME", of.what(key));
        let mut all = Vec::new();
        for (name, value, line) in self.entries(of, key) {
            let path = format!("{}.{}", of.what(key), shown(&name));
            self.lines.insert(path.clone(), line);
            all.push((name, self.open(value, &kind, path, line)));
        }
        all
    }

    /// The tables `[[key]]` with their ids, which must differ; faults in them are told by id.
    pub(super) fn listed<'d>(&mut self, of: &Section<'d>, key: &str) -> Vec<Section<'d>> {
        let Some(value) = of.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            let got = value.get_ref().type_str();
            self.wrong(value, key, format!("got {}, allowed: tables headed [[{key}]]", a(got)));
            return Vec::new();
        };
        self.bound(of, key, array.len());
        let mut all = Vec::new();
        for (at, item) in array.iter().enumerate().take(ITEMS_MAX) {
            let id = item.get_ref().as_table().and_then(|t| t.get("id")).and_then(|id| id.get_ref().as_str());
            let path = id.map_or(format!("{key}[{at}]"), |id| format!("{key}.{}", shown(id)));
            let line = self.line(item);
            if self.lines.insert(path.clone(), line).is_some() {
                self.to.add(line, path.clone(), "stands here twice, allowed: once");
            }
            all.push(self.open(item, key, path, line));
        }
        all
    }

    pub(super) fn bound(&mut self, of: &Section<'_>, key: &str, count: usize) {
        if count > ITEMS_MAX {
            self.fault(of, key, format!("got {count} of them, allowed: up to {ITEMS_MAX}"));
        }
    }

    /// A name that may stand in formulas.
    pub(super) fn name(&mut self, name: &str, what: &str, line: usize) {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || name.len() > NAME_CHARS_MAX || !name.chars().all(good) {
            let problem = format!(
                "not a name, got {:?}, allowed: up to {NAME_CHARS_MAX} of a-z, 0-9 and _, beginning with a letter",
                shown(name)
            );
            self.to.add(line, what, problem);
        }
    }
}

/// A type with its article.
pub(super) fn a(kind: &str) -> String {
    match kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        true => format!("an {kind}"),
        false => format!("a {kind}"),
    }
}

/// What was got, cut to a length that a message can hold.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
