//! The differences of two models as text for the terminal: each changed line with what it alone does, then the total.

use super::{Alone, Change, How, ModelDiff, Npsv, SOURCE};
use crate::text::{aligned, heading, line, wrapped};
use crate::units;

/// Where a key's text begins, and where the sentence on what a change does.
const KEY: usize = 10;
/// Characters of an old or new text that are shown on one line; more is wrapped.
const SHORT: usize = 40;

impl ModelDiff {
    /// All differences, for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        line(&mut text, format!("{} -> {}", self.before, self.after));
        let run =
            self.run.as_ref().map_or("without a run".to_owned(), |run| format!("both with the run {run}"));
        let count = units::counted(self.changes.len() as u64, "line differs", "lines differ");
        line(&mut text, format!("{count}, {run}"));
        self.changes.iter().for_each(|change| self.change(&mut text, change));
        self.total(&mut text);
        text
    }

    fn change(&self, text: &mut String, change: &Change) {
        let how = match change.how {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
        };
        let label = if change.label == change.name { String::new() } else { format!(": {}", change.label) };
        heading(text, &format!("{how} {} {}{label}", change.part.word(), change.name));
        for key in &change.keys {
            let before = key.before.as_deref().map(said);
            let after = key.after.as_deref().map(said);
            let shown = match (before, after) {
                (Some(before), Some(after)) if before.chars().count() > SHORT => {
                    wrapped(text, &format!("  {:<KEY$}", key.key), before);
                    wrapped(text, &format!("  {:<KEY$}", ""), &format!("-> {after}"));
                    continue;
                }
                (Some(before), Some(after)) => format!("{before} -> {after}"),
                (Some(only), None) | (None, Some(only)) => only.to_owned(),
                (None, None) => continue,
            };
            wrapped(text, &format!("  {:<KEY$}", key.key), &shown);
        }
        let told = change.keys.iter().any(|key| key.key == SOURCE);
        if let Some(source) = change.source.as_ref().filter(|_| !told) {
            wrapped(text, &format!("  {SOURCE:<KEY$}"), &format!("{source} (as before)"));
        }
        match &change.alone {
            Alone::Nothing => line(text, "  it alone moves no net present value".to_owned()),
            Alone::CannotStand(why) => {
                wrapped(text, "  ", &format!("it cannot stand alone, so only the total holds it: {why}"));
            }
            Alone::Moves(moves) => {
                for (option, by) in self.options.iter().zip(moves).filter(|(_, by)| **by != Npsv::default()) {
                    let sentence = format!(
                        "it alone moves the NPSV of {} by {} on cash, {} with all classes",
                        option.label,
                        self.signed(by.cash),
                        self.signed(by.all)
                    );
                    wrapped(text, "  ", &sentence);
                }
            }
        }
    }

    fn total(&self, text: &mut String) {
        heading(text, "In all, against the baseline of each model");
        if self.options.is_empty() {
            line(text, "  no option but the baseline stands in both models".to_owned());
            return;
        }
        let mut rows = vec![
            ["option", "NPSV", "before", "after", "change", "single changes added up"].map(str::to_owned),
        ];
        for (at, option) in self.options.iter().enumerate() {
            let singles = self.changes.iter().filter_map(|change| match &change.alone {
                Alone::Moves(moves) => moves.get(at).copied(),
                Alone::Nothing | Alone::CannotStand(_) => None,
            });
            let singles = singles
                .fold(Npsv::default(), |sum, by| Npsv { cash: sum.cash + by.cash, all: sum.all + by.all });
            let by = option.after.less(option.before);
            let mut row = |name: &str, of: &str, before: f64, after: f64, by: f64, singles: f64| {
                rows.push([
                    name.to_owned(),
                    of.to_owned(),
                    units::money(&self.currency, before),
                    units::money(&self.currency, after),
                    self.signed(by),
                    self.signed(singles),
                ]);
            };
            row(&option.label, "on cash", option.before.cash, option.after.cash, by.cash, singles.cash);
            row("", "all classes", option.before.all, option.after.all, by.all, singles.all);
        }
        aligned(text, &rows);
        wrapped(
            text,
            "  ",
            "Changes that act on one another, such as a price and a quantity, do not add up to the change of all.",
        );
    }

    fn signed(&self, by: f64) -> String {
        let plus = if by > 0.0 { "+" } else { "" };
        format!("{plus}{}", units::money(&self.currency, by))
    }
}

fn said(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}
