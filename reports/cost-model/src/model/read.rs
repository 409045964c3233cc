//! Reads a model file with every data file that it names, or tells all their faults at once. Called by the command line.
//! What it refuses is what no graph could be built from; whether the model may be relied on is `check`'s to say.

use std::path::Path;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::costs_read::HORIZON_MAX;
use super::reader::{Reader, Section, shown};
use super::{Configuration, DiscountFrom, InputFile, Model, OptionOf, QaEntry, Scenario, links};
use crate::fault::Collector;
use crate::{Baseline, Deflators, Faults, Found, OptimismBias, Prices, Schedule, find};

/// Data files that every model stands on; a file of this name beside the model's wins over the built-in one.
const DISCOUNT_RATES: &str = "../prices/discount-rates.csv";
const DEFLATORS: &str = "../prices/gdp-deflators.csv";
const OPTIMISM_BIAS: &str = "../prices/optimism-bias.csv";

/// Years that a model may start in: those of the price index, and a lifetime ahead.
const START: [u64; 2] = [1990, 2100];
/// Draws that a model may ask for; more change no printed digit.
const DRAWS: [u64; 2] = [1, 1_000_000];
/// Draws when the file does not say: the tenth percentile then stands within some 1 %.
const DRAWS_USUAL: u64 = 20_000;
/// Seed when the file does not say, as everywhere in this product.
const SEED_USUAL: u64 = 42;
/// Largest seed: the largest whole number of the file format.
const SEED_MAX: u64 = i64::MAX as u64;
/// Most options: every figure that differs stands once for each.
const OPTIONS_MAX: usize = 20;
/// Most named scenarios: every assumption that they change has a cell for each.
const SCENARIOS_MAX: usize = 50;
/// Most syntax errors that are told; the first explain the rest.
const SYNTAX_ERRORS_MAX: usize = 10;

/// Loads the model `path`, looked for in `folder` and then among the built-in ones, with its data files, or tells all faults
/// at once, each with its file and line.
pub fn load_model(folder: Option<&Path>, path: &Path) -> Result<Model, Faults> {
    let file = find(folder, path)?;
    let mut reader = Reader::new(&file.name, &file.text);
    let (document, errors) = DeTable::parse_recoverable(&file.text);
    for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
        let line = error.span().map_or(0, |span| reader.line_at(span.start));
        reader.to.add(line, "toml", error.message());
    }
    if !errors.is_empty() {
        return Err(Faults(reader.to.faults));
    }
    let document = document.into_inner();
    let file_section = reader.section(Some(&document), "", String::new(), 1);
    let mut data = Data { file: &file, inputs: vec![input(&file)], faults: Vec::new() };
    let mut model = reader.model(&file_section, &mut data);
    links::check_names(&mut reader, &model);
    let Reader { to: Collector { mut faults, .. }, lines, .. } = reader;
    (model.lines, model.inputs) = (lines, data.inputs);
    faults.sort_by_key(|fault| fault.line);
    faults.extend(data.faults);
    match faults.is_empty() {
        true => Ok(model),
        false => Err(Faults(faults)),
    }
}

/// The data files that a model names, as they are read.
struct Data<'a> {
    file: &'a Found,
    inputs: Vec<InputFile>,
    faults: Vec<crate::Fault>,
}

impl Data<'_> {
    /// Reads one file; what is wrong with it is told, and nothing stands for it.
    fn read<T>(&mut self, path: &str, parse: impl Fn(&Found) -> Result<T, Faults>) -> Option<T> {
        let found = find(self.file.folder.as_deref(), Path::new(path));
        let read = found.and_then(|found| {
            self.inputs.push(input(&found));
            parse(&found)
        });
        read.map_err(|faults| self.faults.extend(faults.0)).ok()
    }
}

fn input(file: &Found) -> InputFile {
    let sha256 = Sha256::digest(file.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    InputFile { name: file.name.clone(), bytes: file.text.len() as u64, sha256 }
}

impl Reader<'_> {
    fn model(&mut self, file: &Section<'_>, data: &mut Data<'_>) -> Model {
        let head = self.table(file, "model", "model").unwrap_or_else(|| {
            self.to.add(0, "model", "missing, allowed: a table [model]");
            self.section(None, "model", "model".to_owned(), 0)
        });
        let horizon = self.whole(&head, "horizon", [1, HORIZON_MAX], None) as usize;
        let baseline_times = self.text_or_empty(&head, "baseline_times");
        let baseline_times = match baseline_times.as_str() {
            "" => None,
            path => data.read(path, Baseline::parse),
        };
        let prices = self.texts(&head, "prices");
        let prices: Vec<Prices> = prices.iter().filter_map(|path| data.read(path, Prices::parse)).collect();
        let schedules = data.read(DISCOUNT_RATES, Schedule::parse);
        let deflators = data.read(DEFLATORS, Deflators::parse);
        let optimism_bias = data.read(OPTIMISM_BIAS, OptimismBias::parse).unwrap_or_default();
        let discount_from = [("year-0", DiscountFrom::Year0), ("year-1", DiscountFrom::Year1)];
        let id = self.text(&head, "id");
        Model {
            origin: self.to.file.to_owned(),
            title: self.text(&head, "title"),
            what: self.text(&head, "what"),
            limits: self.texts(&head, "limits"),
            price_base: self.text(&head, "price_base").trim().to_owned(),
            currency: self.currency(&head),
            start: self.whole(&head, "start", START, None) as u32,
            horizon,
            discount_from: self.choice(&head, "discount_from", &discount_from, true),
            schedule: self.vintage(&head, "vintage", schedules, |schedule| &schedule.id),
            deflators: self.vintage(&head, "deflator", deflators, |deflators| &deflators.id),
            inflation: self.text(&head, "inflation"),
            seed: self.whole(&head, "seed", [0, SEED_MAX], Some(SEED_USUAL)),
            draws: self.whole(&head, "draws", DRAWS, Some(DRAWS_USUAL)) as usize,
            baseline: self.text(&head, "baseline"),
            sunset: self.sunset(&head),
            assumptions: self.assumptions(file, &prices),
            derived: self.derived(file),
            options: self.options(file),
            costs: self.costs(file, horizon, &optimism_bias),
            benefits: self.benefits(file, horizon),
            metrics: self.metrics(file),
            scenarios: self.scenarios(file),
            claims: self.claims(file),
            qa_log: self.qa_log(file),
            configuration: self.configuration(file),
            optimism_bias,
            baseline_times: baseline_times.unwrap_or_default(),
            prices,
            inputs: Vec::new(),
            lines: Default::default(),
            id,
        }
    }

    /// The set of that id among those of a data file.
    fn vintage<T: Default>(
        &mut self,
        head: &Section<'_>,
        key: &str,
        all: Option<Vec<T>>,
        id: impl Fn(&T) -> &str,
    ) -> T {
        let wanted = self.text(head, key);
        // A file that could not be read is told already.
        let Some(all) = all else { return T::default() };
        let known: Vec<String> = all.iter().map(|one| id(one).to_owned()).collect();
        all.into_iter().find(|one| id(one) == wanted).unwrap_or_else(|| {
            if !wanted.is_empty() {
                let problem = format!("unknown, got {:?}, allowed: {}", shown(&wanted), known.join(", "));
                self.fault(head, key, problem);
            }
            T::default()
        })
    }

    fn currency(&mut self, head: &Section<'_>) -> String {
        let currency = self.text(head, "currency");
        let code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        if !code && !currency.is_empty() {
            self.fault(
                head,
                "currency",
                format!("got {:?}, allowed: three letters such as GBP", shown(&currency)),
            );
        }
        currency
    }

    fn sunset(&mut self, head: &Section<'_>) -> String {
        if !head.has("sunset") {
            self.fault(head, "sunset", "missing, allowed: the day by which the model must be reviewed");
        }
        self.date_or_empty(head, "sunset")
    }

    fn configuration(&mut self, file: &Section<'_>) -> Option<Configuration> {
        let of = self.table(file, "configuration", "configuration")?;
        let count = [1, 10_000];
        Some(Configuration {
            cpu: self.text(&of, "cpu"),
            cores: self.whole(&of, "cores", count, None) as u32,
            store: self.text(&of, "store"),
            nodes: self.whole(&of, "nodes", count, None) as u32,
        })
    }

    fn options(&mut self, file: &Section<'_>) -> Vec<OptionOf> {
        let tables = self.named(file, "option");
        if tables.is_empty() || tables.len() > OPTIONS_MAX {
            let problem = format!("got {}, allowed: 1 to {OPTIONS_MAX} tables [option.NAME]", tables.len());
            self.fault(file, "option", problem);
        }
        let mut all = Vec::new();
        for (name, of) in tables.into_iter().take(OPTIONS_MAX) {
            self.name(&name, &of.path, of.line);
            all.push(OptionOf {
                label: self.label(&of, &name),
                kind: self.text(&of, "kind"),
                what: self.text_or_empty(&of, "what"),
                set: self.numbers_by_name(&of, "set"),
                line: of.line,
                name,
            });
        }
        all
    }

    fn scenarios(&mut self, file: &Section<'_>) -> Vec<Scenario> {
        let tables = self.named(file, "scenario");
        if tables.len() > SCENARIOS_MAX {
            self.fault(file, "scenario", format!("got {}, allowed: up to {SCENARIOS_MAX}", tables.len()));
        }
        let mut all = Vec::new();
        for (name, of) in tables.into_iter().take(SCENARIOS_MAX) {
            self.name(&name, &of.path, of.line);
            all.push(Scenario {
                label: self.label(&of, &name),
                set: self.numbers_by_name(&of, "set"),
                scale: self.numbers_by_name(&of, "scale"),
                ob_upper: self.flag(&of, "ob_upper"),
                line: of.line,
                name,
            });
        }
        all
    }

    fn qa_log(&mut self, file: &Section<'_>) -> Vec<QaEntry> {
        let rows = self.listed(file, "qa");
        let row = |of: &Section<'_>| QaEntry {
            date: self.date_or_empty(of, "date"),
            who: self.text_or_empty(of, "who"),
            what: self.text_or_empty(of, "what"),
            outcome: self.text_or_empty(of, "outcome"),
        };
        rows.iter().map(row).collect()
    }
}
