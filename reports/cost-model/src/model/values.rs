//! What the values of a model file are read as: texts, days, numbers, units, formulas, each with its type, its range and its
//! line. For the readers of this folder only.

use toml::de::DeValue;

use super::reader::{ITEMS_MAX, Reader, Section, Value, a, shown};
use crate::Unit;
use crate::expr::{Expr, parse};
use crate::provenance::is_date;

/// Largest figure that is believed: bytes of a nation's archive or pence of its budget stay far below, and products of a
/// few such figures stay finite.
const VALUE_MAX: f64 = 1e18;
/// Longest text, characters: a paragraph; a spreadsheet cell holds 32,767.
const TEXT_CHARS_MAX: usize = 4_000;

impl Reader<'_> {
    /// A text that may be missing; it may hold anything but control characters, and is never run.
    pub(super) fn text_or_empty(&mut self, of: &Section<'_>, key: &str) -> String {
        of.get(key).map_or(String::new(), |value| self.text_of(value, &of.what(key)))
    }

    fn text_of(&mut self, value: &Value<'_>, what: &str) -> String {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value, what, format!("got {}, allowed: a text", a(value.get_ref().type_str())));
            return String::new();
        };
        let length = text.chars().count();
        if length > TEXT_CHARS_MAX {
            self.wrong(
                value,
                what,
                format!("too long, got {length} characters, allowed up to {TEXT_CHARS_MAX}"),
            );
        }
        if let Some(got) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            self.wrong(value, what, format!("got the control character {got:?}, allowed: a plain text"));
        }
        text.to_owned()
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, of: &Section<'_>, key: &str) -> String {
        let text = self.text_or_empty(of, key);
        let there = of.get(key).map(|value| value.get_ref().is_str());
        if there.is_none() || (there == Some(true) && text.trim().is_empty()) {
            self.fault(of, key, "missing, allowed: a text");
        }
        text
    }

    /// What a reader calls it; its name in words where the file does not say.
    pub(super) fn label(&mut self, of: &Section<'_>, name: &str) -> String {
        match of.has("label") {
            true => self.text(of, "label"),
            false => name.replace('_', " "),
        }
    }

    /// A day `YYYY-MM-DD`, or empty.
    pub(super) fn date_or_empty(&mut self, of: &Section<'_>, key: &str) -> String {
        let date = self.text_or_empty(of, key);
        if !date.is_empty() && !is_date(&date) {
            self.fault(of, key, format!("got {:?}, allowed: a day such as \"2026-09-01\"", shown(&date)));
        }
        date
    }

    /// A list of texts that may be missing.
    pub(super) fn texts(&mut self, of: &Section<'_>, key: &str) -> Vec<String> {
        let items = self.items(of, key);
        items.into_iter().map(|item| self.text_of(item, &of.what(key))).collect()
    }

    /// A list of numbers that may be missing.
    pub(super) fn numbers(&mut self, of: &Section<'_>, key: &str) -> Vec<f64> {
        let items = self.items(of, key);
        items.into_iter().filter_map(|item| self.number_of(item, &of.what(key))).collect()
    }

    fn items<'d>(&mut self, of: &Section<'d>, key: &str) -> Vec<&'d Value<'d>> {
        let Some(value) = of.get(key) else { return Vec::new() };
        match value.get_ref().as_array() {
            Some(array) => {
                self.bound(of, key, array.len());
                array.iter().take(ITEMS_MAX).collect()
            }
            None => {
                let got = value.get_ref().type_str();
                self.wrong(value, of.what(key), format!("got {}, allowed: a list", a(got)));
                Vec::new()
            }
        }
    }

    /// A finite number that may be missing.
    pub(super) fn number(&mut self, of: &Section<'_>, key: &str) -> Option<f64> {
        of.get(key).and_then(|value| self.number_of(value, &of.what(key)))
    }

    /// A number between two, which may be missing.
    pub(super) fn within(&mut self, of: &Section<'_>, key: &str, least: f64, most: f64) -> Option<f64> {
        let number = self.number(of, key)?;
        if !(least..=most).contains(&number) {
            self.fault(of, key, format!("out of range, got {number}, allowed {least} to {most}"));
            return None;
        }
        Some(number)
    }

    /// A whole number between two; `default` when it is missing, which without one is a fault.
    pub(super) fn whole(
        &mut self,
        of: &Section<'_>,
        key: &str,
        range: [u64; 2],
        default: Option<u64>,
    ) -> u64 {
        let allowed = format!("allowed: a whole number from {} to {}", range[0], range[1]);
        let Some(value) = of.get(key) else {
            return default.unwrap_or_else(|| {
                self.fault(of, key, format!("missing, {allowed}"));
                range[0]
            });
        };
        let digits =
            value.get_ref().as_integer().filter(|i| i.radix() == 10).map(|i| i.as_str().replace('_', ""));
        match digits.as_ref().and_then(|digits| digits.parse().ok()) {
            Some(number) if (range[0]..=range[1]).contains(&number) => number,
            _ => {
                let got = digits.map_or_else(|| a(value.get_ref().type_str()), |digits| shown(&digits));
                self.wrong(value, of.what(key), format!("got {got}, {allowed}"));
                range[0]
            }
        }
    }

    /// A number, checked to be finite and of a size that is believed.
    pub(super) fn number_of(&mut self, value: &Value<'_>, what: &str) -> Option<f64> {
        let written = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            other => {
                self.wrong(value, what, format!("got {}, allowed: a decimal number", a(other.type_str())));
                return None;
            }
        };
        let number: f64 = written.replace('_', "").parse().unwrap_or(f64::NAN);
        if number.is_finite() && number.abs() <= VALUE_MAX {
            return Some(number);
        }
        self.wrong(
            value,
            what,
            format!("got {}, allowed: a finite number up to {VALUE_MAX:e}", shown(written)),
        );
        None
    }

    /// True or false; false when it is missing.
    pub(super) fn flag(&mut self, of: &Section<'_>, key: &str) -> bool {
        let Some(value) = of.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(
                value,
                of.what(key),
                format!("got {}, allowed: true or false", a(value.get_ref().type_str())),
            );
            false
        })
    }

    /// One of some words; the first is taken where the key is missing and `optional`.
    pub(super) fn choice<T: Copy>(
        &mut self,
        of: &Section<'_>,
        key: &str,
        words: &[(&str, T)],
        optional: bool,
    ) -> T {
        if optional && !of.has(key) {
            return words[0].1;
        }
        let text = self.text_or_empty(of, key);
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, chosen)) => *chosen,
            None => {
                let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.fault(of, key, format!("got {:?}, allowed: {}", shown(&text), allowed.join(", ")));
                words[0].1
            }
        }
    }

    /// A unit, with its text.
    pub(super) fn unit(&mut self, of: &Section<'_>, key: &str) -> (Unit, String) {
        let text = self.text(of, key);
        if text.is_empty() {
            return (Unit::one(), text);
        }
        let unit = Unit::parse(&text).unwrap_or_else(|problem| {
            self.fault(of, key, problem);
            Unit::one()
        });
        (unit, text)
    }

    /// A formula that may be missing: a text, or a bare number.
    pub(super) fn formula_or_none(&mut self, of: &Section<'_>, key: &str) -> Option<Expr<String>> {
        let value = of.get(key)?;
        if !value.get_ref().is_str() {
            return self.number_of(value, &of.what(key)).map(Expr::number);
        }
        let text = self.text(of, key);
        parse(&text).map_err(|problem| self.fault(of, key, problem)).ok()
    }

    /// A formula that must be there; 0 stands for one that is not.
    pub(super) fn formula(&mut self, of: &Section<'_>, key: &str) -> Expr<String> {
        if !of.has(key) {
            self.fault(of, key, "missing, allowed: a formula");
        }
        self.formula_or_none(of, key).unwrap_or(Expr::number(0.0))
    }

    /// A table of names with numbers, in the order of the file, such as `set = { sites = 2 }`.
    pub(super) fn numbers_by_name(&mut self, of: &Section<'_>, key: &str) -> Vec<(String, f64)> {
        let mut all = Vec::new();
        for (name, value, line) in self.entries(of, key) {
            let what = format!("{}.{}", of.what(key), shown(&name));
            self.lines.insert(what.clone(), line);
            if let Some(number) = self.number_of(value, &what) {
                all.push((name, number));
            }
        }
        all
    }
}
