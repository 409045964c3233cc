//! Two versions of a model compared: every line that differs, key by key, and what it alone does to the net present value of
//! each option. Called by `spinebench cost diff`. Pure.

mod apply;
mod fields;
mod text;

pub use fields::Part;

use apply::{with_new_figures, with_one};
use cost_model::appraisal::Appraisal;
use cost_model::{Faults, Measurement, Model, build};
use fields::{Item, items};
use serde::Serialize;

/// The key that says who stands behind a figure.
const SOURCE: &str = "source";
/// Smallest move of a net present value that is told, as a share of the larger of it and 1: less is rounding.
const ROUNDING: f64 = 1e-12;

/// What differs between two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelDiff {
    /// The model before: where it came from.
    pub before: String,
    /// The model after.
    pub after: String,
    /// The run that both stand on, where one was given.
    pub run: Option<String>,
    /// Currency of all figures.
    pub currency: String,
    /// The options that both have, but for the baseline, in the order of the model before.
    pub options: Vec<Compared>,
    /// Every line that differs, in the order of the file.
    pub changes: Vec<Change>,
}

/// One option in both models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Its results before.
    pub before: Npsv,
    /// Its results after.
    pub after: Npsv,
}

/// The two net present values of an option against the baseline, or a difference of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Npsv {
    /// On cash alone.
    pub cash: f64,
    /// With what releases no cash and what falls to society; never a headline.
    pub all: f64,
}

impl Npsv {
    fn less(self, other: Npsv) -> Npsv {
        Npsv { cash: self.cash - other.cash, all: self.all - other.all }
    }
}

/// One line that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Which part of the model it stands in.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// How it differs.
    pub how: How,
    /// The keys that differ; of a line that was added or removed those that are not empty.
    pub keys: Vec<KeyChange>,
    /// Who says so, of a line that has a source, whether that differs or not.
    pub source: Option<String>,
    /// What it alone does.
    pub alone: Alone,
}

/// How a line differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Only the model after has it.
    Added,
    /// Only the model before has it.
    Removed,
    /// Both have it.
    Changed,
}

/// One key of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// The key in the model file.
    pub key: String,
    /// What it said; `None` in a line that was added.
    pub before: Option<String>,
    /// What it says; `None` in a line that was removed.
    pub after: Option<String>,
}

/// What one change does to the net present values, all else as it was before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alone {
    /// It has no part in them.
    Nothing,
    /// The move of each option of [`ModelDiff::options`], in order.
    Moves(Vec<Npsv>),
    /// The model does not hold with this change alone: why, in a sentence.
    CannotStand(String),
}

/// Compares two models, on the same run where one is given.
///
/// # Errors
/// One of the models cannot be built: all its faults.
pub fn diff(before: &Model, after: &Model, measurement: Option<&Measurement>) -> Result<ModelDiff, Faults> {
    let old = build(before.clone(), measurement)?;
    let new = build(after.clone(), measurement)?;
    let others = old.options.iter().enumerate().filter(|(at, _)| *at != old.baseline);
    let options: Vec<Compared> = others
        .filter_map(|(_, option)| {
            let name = option.name.clone();
            let (before, after) = (npsv(&old, &name)?, npsv(&new, &name)?);
            Some(Compared { name, label: option.label.clone(), before, after })
        })
        .collect();
    let start = with_new_figures(before, after);
    // Where the new figures clash with what was there, each change starts from the model as it was.
    let start = if build(start.clone(), measurement).is_ok() { start } else { before.clone() };
    let changes = pairs(items(before), items(after))
        .into_iter()
        .filter_map(|(old, new)| {
            let (how, item) = match (&old, &new) {
                (Some(_), Some(new)) => (How::Changed, new),
                (Some(old), None) => (How::Removed, old),
                (None, Some(new)) => (How::Added, new),
                (None, None) => return None,
            };
            // A figure that nothing names any more, or not yet, does nothing by itself.
            let is_figure = matches!(item.part, Part::Assumption | Part::Derived);
            let tried = match is_figure && how != How::Changed {
                true => None,
                false => with_one(&start, after, item.part, &item.name),
            };
            Some(Change {
                part: item.part,
                name: item.name.clone(),
                label: item.label.clone(),
                how,
                keys: keys(old.as_ref(), new.as_ref()),
                source: item.keys.iter().find(|(key, _)| *key == SOURCE).map(|(_, source)| source.clone()),
                alone: tried.map_or(Alone::Nothing, |model| alone(model, measurement, &options)),
            })
        })
        .collect();
    Ok(ModelDiff {
        before: before.origin.clone(),
        after: after.origin.clone(),
        run: measurement.map(|of| of.origin.clone()),
        currency: after.currency.clone(),
        options,
        changes,
    })
}

fn npsv(of: &Appraisal, option: &str) -> Option<Npsv> {
    let nodes = of.options.iter().find(|o| o.name == option)?;
    Some(Npsv { cash: of.values.one(nodes.npsv_cash), all: of.values.one(nodes.npsv_all) })
}

fn alone(model: Model, measurement: Option<&Measurement>, options: &[Compared]) -> Alone {
    let built = match build(model, measurement) {
        Ok(built) => built,
        Err(faults) => {
            return Alone::CannotStand(faults.0.first().map_or(String::new(), |fault| fault.problem.clone()));
        }
    };
    let moves: Option<Vec<Npsv>> =
        options.iter().map(|o| Some(npsv(&built, &o.name)?.less(o.before))).collect();
    match moves {
        None => Alone::CannotStand("an option is gone with it".to_owned()),
        Some(moves) => {
            let told = |by: f64, of: f64| by.abs() > ROUNDING * of.abs().max(1.0);
            let any = moves
                .iter()
                .zip(options)
                .any(|(by, of)| told(by.cash, of.before.cash) || told(by.all, of.before.all));
            if any { Alone::Moves(moves) } else { Alone::Nothing }
        }
    }
}

/// Lines that differ, each as it was and as it is: those of before in their order, each part with its additions at its end.
fn pairs(before: Vec<Item>, after: Vec<Item>) -> Vec<(Option<Item>, Option<Item>)> {
    let same = |a: &Item, b: &Item| a.part == b.part && a.name == b.name;
    let added: Vec<Item> =
        after.iter().filter(|new| !before.iter().any(|old| same(old, new))).cloned().collect();
    let mut all: Vec<(Option<Item>, Option<Item>)> = before
        .into_iter()
        .map(|old| {
            let new = after.iter().find(|new| same(&old, new)).cloned();
            (Some(old), new)
        })
        .filter(|(old, new)| old.as_ref().map(|o| &o.keys) != new.as_ref().map(|n| &n.keys))
        .collect();
    all.extend(added.into_iter().map(|new| (None, Some(new))));
    all.sort_by_key(|(old, new)| old.as_ref().or(new.as_ref()).map(|item| item.part));
    all
}

fn keys(old: Option<&Item>, new: Option<&Item>) -> Vec<KeyChange> {
    let value = |of: Option<&Item>, key: &str| {
        of.and_then(|item| item.keys.iter().find(|(name, _)| *name == key)).map(|(_, value)| value.clone())
    };
    let mut names: Vec<&'static str> = Vec::new();
    for (name, _) in old.into_iter().chain(new).flat_map(|item| &item.keys) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let change = |key: &str| {
        let (before, after) = (value(old, key), value(new, key));
        let empty = |of: &Option<String>| of.as_ref().is_none_or(String::is_empty);
        let told = before != after && !(empty(&before) && empty(&after));
        told.then(|| KeyChange { key: key.to_owned(), before, after })
    };
    names.into_iter().filter_map(change).collect()
}
