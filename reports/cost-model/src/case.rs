//! A cost case: the assumptions behind a result, each with its provenance, and the data files it stands on.
//! Loaded by the command line before a run, so that a fault in it is told before anything is measured.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::Collector;
use crate::provenance::{check_evidence, check_price_base, check_range, check_source};
use crate::{Baseline, Evidence, Faults, Prices, find};

/// A case, loaded and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Title.
    pub title: String,
    /// What it compares, in a line.
    pub what: String,
    /// Where it came from: a path, or `built-in cases/…`.
    pub origin: String,
    /// Assumptions by name; the four that the hours need are always there.
    pub assumptions: BTreeMap<String, Assumption>,
    /// Published claims, shown beside results and never used in them.
    pub claims: BTreeMap<String, Assumption>,
    /// Sentences that must be printed with every result.
    pub limits: Vec<String>,
    /// What is compared with.
    pub baseline: Baseline,
    /// Price files.
    pub prices: Vec<Prices>,
}

/// One figure with its provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// Value in `unit`.
    pub value: f64,
    /// Unit in words.
    pub unit: String,
    /// Lowest plausible value.
    pub low: Option<f64>,
    /// Highest plausible value.
    pub high: Option<f64>,
    /// Year whose prices it is in; `n/a` for what is not money.
    pub price_base: String,
    /// Grade of evidence.
    pub evidence: Evidence,
    /// Who says so, where and when.
    pub source: String,
}

const MESSAGES_PER_MONTH: &str = "messages-per-month";
const DAYS_PER_YEAR: &str = "days-per-year";
const ATTENDED_SHARE: &str = "attended-share";
const BLOCKING_SHARE: &str = "blocking-share";
const MONTHS_PER_YEAR: f64 = 12.0;

/// The assumptions that every case must hold, with the range that makes sense of each.
const REQUIRED: [(&str, f64, f64); 4] = [
    (MESSAGES_PER_MONTH, 0.0, 1e12),
    (DAYS_PER_YEAR, 1.0, 366.0),
    (ATTENDED_SHARE, 0.0, 1.0),
    (BLOCKING_SHARE, 0.0, 1.0),
];

const TOP_KEYS: [&str; 7] = ["title", "what", "baseline", "prices", "limits", "assumption", "claim"];
const FIGURE_KEYS: [&str; 7] = ["value", "unit", "low", "high", "price_base", "evidence", "source"];

impl Case {
    /// Messages a day over all interactions.
    pub fn messages_per_day(&self) -> f64 {
        self.value(MESSAGES_PER_MONTH) * MONTHS_PER_YEAR / self.value(DAYS_PER_YEAR)
    }

    /// Fraction of the messages of attended interactions that a person really waits for.
    pub fn attended_share(&self) -> f64 {
        self.value(ATTENDED_SHARE)
    }

    /// Fraction of those waits in which the person can do nothing else.
    pub fn blocking_share(&self) -> f64 {
        self.value(BLOCKING_SHARE)
    }

    /// Sentences on what a result of this case rests on: limits first, then each assumption and claim with its source.
    pub fn basis(&self) -> Vec<String> {
        let mut sentences = self.limits.clone();
        let figure = |kind: &str, name: &str, a: &Assumption| {
            let range = match (a.low, a.high) {
                (Some(low), Some(high)) if low < high => {
                    format!(" (plausible {} to {})", plain(low), plain(high))
                }
                _ => String::new(),
            };
            format!("{kind} {name}: {} {}{range}, {}: {}.", plain(a.value), a.unit, a.evidence, a.source)
        };
        sentences.extend(self.assumptions.iter().map(|(name, a)| figure("Assumed", name, a)));
        sentences.extend(self.claims.iter().map(|(name, a)| figure("Claimed, not used:", name, a)));
        sentences.push(format!("Case: {}. Baseline: {}.", self.origin, self.baseline.origin));
        sentences
    }

    fn value(&self, name: &str) -> f64 {
        // `load_case` refuses a case without the four required assumptions, so the zero is never taken.
        self.assumptions.get(name).map_or(0.0, |a| a.value)
    }
}

/// Loads the case `path`, looked for in `folder` (that of the scenario) and then among the built-in ones, with its
/// baseline and prices, or tells all faults at once.
pub fn load_case(folder: Option<&Path>, path: &Path) -> Result<Case, Faults> {
    let file = find(folder, path)?;
    let mut to = Collector::new(&file.name);
    let document = match DeTable::parse(&file.text) {
        Ok(document) => document.into_inner(),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_of(&file.text, span.start));
            to.add(line, "toml", error.message());
            return Err(Faults(to.faults));
        }
    };
    let mut reader = Reader { text: &file.text, to };
    reader.refuse_unknown(&document, "", &TOP_KEYS);
    let title = reader.text_of(&document, "", "title");
    let what = reader.text_of(&document, "", "what");
    let baseline_path = reader.text_of(&document, "", "baseline");
    let prices_paths = reader.texts_of(&document, "prices");
    let limits = reader.texts_of(&document, "limits");
    let assumptions = reader.figures(&document, "assumption");
    let claims = reader.figures(&document, "claim");
    for (name, least, most) in REQUIRED {
        match assumptions.get(name) {
            None => reader.to.add(
                0,
                format!("assumption.{name}"),
                "missing, allowed: a value with its provenance",
            ),
            Some(a) if !(a.value >= least && a.value <= most) => {
                let problem = format!("out of range, got {}, allowed {least} to {most}", a.value);
                reader.to.add(0, format!("assumption.{name}.value"), problem);
            }
            Some(_) => {}
        }
    }
    let mut to = reader.to;
    let folder = file.folder.as_deref();
    let mut keep = |faults: Faults| to.faults.extend(faults.0);
    let baseline = find(folder, Path::new(&baseline_path)).and_then(|file| Baseline::parse(&file));
    let baseline =
        baseline.map_err(&mut keep).unwrap_or(Baseline { origin: String::new(), rows: BTreeMap::new() });
    let mut prices = Vec::new();
    for path in prices_paths {
        match find(folder, Path::new(&path)).and_then(|file| Prices::parse(&file)) {
            Ok(list) => prices.push(list),
            Err(faults) => keep(faults),
        }
    }
    let origin = file.name.clone();
    to.end(Case { title, what, origin, assumptions, claims, limits, baseline, prices })
}

/// A figure as it was meant, with thousands separators.
fn plain(value: f64) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, String::new()), |(w, f)| (w, format!(".{f}")));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

/// Walks the document and collects what is wrong with it.
struct Reader<'a> {
    text: &'a str,
    to: Collector<'a>,
}

impl Reader<'_> {
    fn line(&self, value: &Spanned<DeValue<'_>>) -> usize {
        line_of(self.text, value.span().start)
    }

    fn refuse_unknown(&mut self, table: &DeTable<'_>, prefix: &str, allowed: &[&str]) {
        for key in table.keys().filter(|key| !allowed.contains(&key.get_ref().as_ref())) {
            let line = line_of(self.text, key.span().start);
            let problem = format!("unknown key, allowed: {}", allowed.join(", "));
            self.to.add(line, format!("{prefix}{}", key.get_ref()), problem);
        }
    }

    fn text_of(&mut self, table: &DeTable<'_>, prefix: &str, key: &str) -> String {
        match table.get(key) {
            None => self.to.add(0, format!("{prefix}{key}"), "missing, allowed: a text"),
            Some(value) => match value.get_ref().as_str() {
                Some(text) => return text.to_owned(),
                None => {
                    let got = value.get_ref().type_str();
                    self.to.add(
                        self.line(value),
                        format!("{prefix}{key}"),
                        format!("got a {got}, allowed: a text"),
                    );
                }
            },
        }
        String::new()
    }

    fn texts_of(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let texts = value.get_ref().as_array().map(|array| {
            array
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
        });
        texts.flatten().unwrap_or_else(|| {
            self.to.add(self.line(value), key, "allowed: a list of texts");
            Vec::new()
        })
    }

    fn figures(&mut self, document: &DeTable<'_>, key: &str) -> BTreeMap<String, Assumption> {
        let Some(value) = document.get(key) else { return BTreeMap::new() };
        let Some(tables) = value.get_ref().as_table() else {
            self.to.add(self.line(value), key, format!("allowed: tables such as [{key}.NAME]"));
            return BTreeMap::new();
        };
        tables
            .iter()
            .map(|(name, item)| (name.get_ref().to_string(), self.figure(key, name.get_ref(), item)))
            .collect()
    }

    fn figure(&mut self, key: &str, name: &str, item: &Spanned<DeValue<'_>>) -> Assumption {
        let prefix = format!("{key}.{name}.");
        let empty = DeTable::new();
        let table = item.get_ref().as_table().unwrap_or(&empty);
        let line = table.keys().map(|key| line_of(self.text, key.span().start)).min();
        let line = line.unwrap_or_else(|| self.line(item));
        self.refuse_unknown(table, &prefix, &FIGURE_KEYS);
        let value = self.number_of(table, &prefix, "value").unwrap_or_else(|| {
            self.to.add(line, format!("{prefix}value"), "missing or not a number");
            0.0
        });
        let (low, high) = (self.number_of(table, &prefix, "low"), self.number_of(table, &prefix, "high"));
        let unit = self.text_of(table, &prefix, "unit");
        // Absent provenance is told by the checks below, once.
        let mut provenance = |key: &str| match table.contains_key(key) {
            true => self.text_of(table, &prefix, key),
            false => String::new(),
        };
        let (price_base, evidence, source) =
            (provenance("price_base"), provenance("evidence"), provenance("source"));
        check_range(&mut self.to, line, &format!("{prefix}value"), value, low, high);
        check_price_base(&mut self.to, line, &format!("{prefix}price_base"), &price_base, &unit);
        check_source(&mut self.to, line, &format!("{prefix}source"), &source);
        let evidence = check_evidence(&mut self.to, line, &format!("{prefix}evidence"), &evidence);
        Assumption { value, unit, low, high, price_base, evidence, source }
    }

    fn number_of(&mut self, table: &DeTable<'_>, prefix: &str, key: &str) -> Option<f64> {
        let value = table.get(key)?;
        let text = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
            DeValue::Float(number) => number.as_str().replace('_', ""),
            other => {
                let problem = format!("got a {}, allowed: a number", other.type_str());
                self.to.add(self.line(value), format!("{prefix}{key}"), problem);
                return None;
            }
        };
        text.parse().ok()
    }
}
