//! A TOML file as typed, with the line of every value. `read_scenario` and `read_interaction` ask it for what they know and
//! it reports the rest: wrong types, wrong units, keys that nobody asked for. It never stops at the first fault.

use crate::fault::{Fault, list};
use crate::scenario::Rate;
use crate::units::{DURATION_FORM, PERCENT_FORM, RATE_FORM, parse_duration, parse_percent, parse_rate};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest number of no unit: sums and quotients of such stay numbers.
const NUMBER_MAX: f64 = 1e15;

/// A key that a reader knows: file, dotted path of its table (empty for the whole file), key.
pub(crate) type Asked = (String, String, &'static str);

/// Collects faults from everywhere while files are read, and which keys the readers know.
#[derive(Debug, Default)]
pub(crate) struct Log {
    faults: RefCell<Vec<Fault>>,
    asked: RefCell<BTreeSet<Asked>>,
}

impl Log {
    /// Adds a fault.
    pub(crate) fn push(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.faults.borrow().len()
    }

    /// Takes all of them.
    pub(crate) fn take(&self) -> Vec<Fault> {
        self.faults.take()
    }

    /// Every key that was asked for so far, whether it was there or not.
    pub(crate) fn asked(&self) -> BTreeSet<Asked> {
        self.asked.borrow().clone()
    }
}

/// The file and its text: what turns a place into a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub log: &'a Log,
}

impl<'a> Source<'a> {
    /// Parses the text; syntax faults go to the log.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'a>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for e in &errors {
            let line = e.span().map_or(1, |s| self.line(s.start));
            let message = e.message().lines().collect::<Vec<_>>().join("; ");
            self.log.push(Fault::new(self.file, line, "", format!("is not TOML: {message}")));
        }
        errors.is_empty().then_some(table)
    }

    /// The line of a byte offset, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        1 + self.text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count()
    }
}

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    source: Source<'a>,
    path: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(crate) fn root(source: Source<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Section { source, path: String::new(), span: 0..0, table: table.get_ref(), known: RefCell::default() }
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'a>> {
        self.known.borrow_mut().push(key);
        let asked = (self.source.file.to_owned(), self.path.clone(), key);
        self.source.log.asked.borrow_mut().insert(asked);
        self.entries().into_iter().find(|(name, _)| *name == key).map(|(_, item)| item)
    }

    /// The value of a key that has to be there.
    pub(crate) fn need(&self, key: &'static str, form: &str) -> Option<Item<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.source.log.push(self.fault(key, "is missing").allowed(form));
        }
        found
    }

    /// All keys and values, in the order of the file.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let name: &'a str = key.get_ref();
                let item = Item { source: self.source, what: self.dotted(name), key: key.span(), value };
                (name, item)
            })
            .collect()
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for (name, item) in self.entries() {
            if !known.contains(&name) {
                let line = self.source.line(item.key.start);
                self.source.log.push(
                    Fault::new(self.source.file, line, item.what, "unknown key")
                        .got(name)
                        .allowed(list(&*known)),
                );
            }
        }
    }

    /// A fault about a key of this table, or with an empty key about the table, at the table's line.
    pub(crate) fn fault(&self, key: &str, problem: &str) -> Fault {
        let what = if key.is_empty() { self.path.clone() } else { self.dotted(key) };
        Fault::new(self.source.file, self.source.line(self.span.start), what, problem)
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A value of the file.
#[derive(Debug, Clone)]
pub(crate) struct Item<'a> {
    source: Source<'a>,
    /// Dotted key.
    pub what: String,
    key: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Item<'a> {
    /// Its line, from 1.
    pub(crate) fn line(&self) -> usize {
        self.source.line(self.value.span().start)
    }

    /// The value itself.
    pub(crate) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    /// A fault about it.
    pub(crate) fn fault(&self, problem: &str) -> Fault {
        Fault::new(self.source.file, self.line(), &self.what, problem)
    }

    /// Reports a fault about it that shows its value.
    pub(crate) fn refuse(&self, problem: &str, allowed: impl Into<String>) {
        self.source.log.push(self.fault(problem).got(self.shown()).allowed(allowed));
    }

    fn shown(&self) -> String {
        match self.value() {
            DeValue::String(s) => s.to_string(),
            // As typed, with its underscores.
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                self.source.text.get(self.value.span()).unwrap_or_default().to_owned()
            }
            DeValue::Array(_) => "[...]".into(),
            DeValue::Table(_) => "{...}".into(),
        }
    }

    /// A string that is not empty.
    pub(crate) fn text(&self) -> Option<&'a str> {
        let found = self.value().as_str().filter(|s| !s.trim().is_empty());
        if found.is_none() {
            self.refuse("not a text", "a text in quotes, not empty");
        }
        found
    }

    /// A whole number in a range.
    pub(crate) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match self.value() {
            DeValue::Integer(i) => u64::from_str_radix(&i.as_str().replace('_', ""), i.radix()).ok(),
            _ => None,
        };
        let found = number.filter(|n| range.contains(n));
        if found.is_none() {
            self.refuse("not a number in range", format!("{} to {}", range.start(), range.end()));
        }
        found
    }

    /// A number above zero, whole or not.
    pub(crate) fn positive(&self) -> Option<f64> {
        let found = self.number().filter(|n| *n > 0.0 && *n <= NUMBER_MAX);
        if found.is_none() {
            self.refuse("not a number above zero", format!("a number above zero, {NUMBER_MAX:e} at most"));
        }
        found
    }

    /// A number, whole or not; no fault when it is something else.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.value() {
            DeValue::Integer(i) if i.radix() == 10 => i.as_str().replace('_', "").parse().ok(),
            DeValue::Float(f) => f.as_str().replace('_', "").parse().ok(),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        let found = self.value().as_bool();
        if found.is_none() {
            self.refuse("not true or false", "true, false");
        }
        found
    }

    /// A text that `parse` understands; or else a fault with this problem, and this form as what is allowed.
    pub(crate) fn parsed<T>(
        &self,
        parse: impl Fn(&str) -> Option<T>,
        problem: &str,
        form: &str,
    ) -> Option<T> {
        let found = self.value().as_str().and_then(parse);
        if found.is_none() {
            self.refuse(problem, form);
        }
        found
    }

    /// A duration longer than nothing.
    pub(crate) fn span(&self) -> Option<Duration> {
        self.parsed(
            |t| parse_duration(t).filter(|d| !d.is_zero()),
            "not a duration above zero",
            DURATION_FORM,
        )
    }

    /// A rate or a ramp.
    pub(crate) fn rate(&self) -> Option<Rate> {
        self.parsed(parse_rate, "not a rate", RATE_FORM)
    }

    /// A percentage as a fraction.
    pub(crate) fn percent(&self) -> Option<f64> {
        self.parsed(parse_percent, "not a percentage", PERCENT_FORM)
    }

    /// One of a closed list.
    pub(crate) fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let found = self.value().as_str().and_then(|s| choices.iter().find(|(name, _)| *name == s));
        if found.is_none() {
            self.refuse("unknown value", list(choices.iter().map(|(name, _)| *name)));
        }
        found.map(|(_, value)| *value)
    }

    /// A table.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        let found = self.value().as_table();
        if found.is_none() {
            self.refuse("not a table", "a table");
        }
        let (source, path, span) = (self.source, self.what.clone(), self.value.span());
        found.map(|table| Section { source, path, span, table, known: RefCell::default() })
    }

    /// The elements of an array; a value that is not an array counts as an array of one.
    pub(crate) fn elements(&self) -> Vec<Item<'a>> {
        match self.value() {
            DeValue::Array(list) => list
                .iter()
                .map(|value| Item {
                    source: self.source,
                    what: self.what.clone(),
                    key: self.key.clone(),
                    value,
                })
                .collect(),
            _ => vec![self.clone()],
        }
    }
}
