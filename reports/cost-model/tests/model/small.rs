//! A small model with every key, and ways to break it. For the tests of this folder.

use std::path::Path;

use cost_model::model::CATEGORIES;
use cost_model::*;

/// The small model as its file stands.
pub const MODEL: &str = include_str!("small.toml");

const PRICES: &str = "name,value,unit,low,high,price_base,evidence,source,url,accessed\n\
    server,9000,GBP/node,6000,16000,2024,estimate,a shop,https://example.org,2026-09-01\n";

/// The small model with a line in each mandatory category.
pub fn whole() -> String {
    let mut text = MODEL.to_owned();
    for (category, _) in
        CATEGORIES.iter().filter(|(name, mandatory)| *mandatory && !MODEL.contains(&format!("\"{name}\"")))
    {
        let id = category.replace('-', "_");
        text.push_str(&format!(
            "[[cost]]\nid = \"no_{id}\"\noption = [\"hub\"]\nclass = \"opex\"\ncategory = \"{category}\"\n\
             quantity = 0\nunit_price = \"contract\"\nzero_reason = \"left out of the test\"\n"
        ));
    }
    text
}

/// Loads a model text, with the small model's prices beside it.
pub fn load(text: &str) -> Result<Model, Faults> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.toml"), text).unwrap();
    std::fs::write(folder.path().join("prices.csv"), PRICES).unwrap();
    load_model(Some(folder.path()), Path::new("model.toml")).map_err(|faults| {
        // The folder's name changes from run to run.
        let place = format!("{}/", folder.path().display());
        let short = |fault: Fault| Fault { file: fault.file.replace(&place, ""), ..fault };
        Faults(faults.0.into_iter().map(short).collect())
    })
}

/// The whole small model with one line of it replaced; `from` must stand in it once.
#[track_caller]
pub fn with(from: &str, to: &str) -> String {
    replaced(&whole(), from, to)
}

#[track_caller]
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} does not stand once in the model");
    text.replace(from, to)
}

/// The faults of a model that must not load.
#[track_caller]
pub fn faults_of(text: &str) -> Vec<String> {
    load(text).expect_err("this model has faults").0.iter().map(Fault::to_string).collect()
}

/// The line of a text in a model, from 1.
#[track_caller]
pub fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).expect("the text stands in the model") + 1
}

#[track_caller]
pub fn one_says(faults: &[String], wanted: &[&str]) {
    let found = faults.iter().any(|fault| wanted.iter().all(|part| fault.contains(part)));
    assert!(found, "no fault says {wanted:?} in {faults:#?}");
}
