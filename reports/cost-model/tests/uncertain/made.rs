//! Models made up for the tests and the bench of what is uncertain: a small one whose results have closed forms, and one of
//! the size of a full case.

use std::fmt::Write;
use std::path::Path;

use cost_model::{Appraisal, build, load_model};

/// Builds a model from its text.
#[track_caller]
pub fn built(text: &str) -> Appraisal {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.toml"), text).unwrap();
    let model = load_model(Some(folder.path()), Path::new("model.toml"));
    let model = model.unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    build(model, None).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

/// The head of a model of two options, `legacy` and `hub`, over so many years, the first not discounted.
pub fn head(years: usize) -> String {
    let mut text = format!(
        "[model]\nid = \"made\"\ntitle = \"Made up\"\nwhat = \"for tests\"\nlimits = [\"Made up.\"]\nprice_base = \"2024\"\n\
         currency = \"GBP\"\nstart = 2026\nhorizon = {years}\ndiscount_from = \"year-0\"\nvintage = \"greenbook-2026-02\"\n\
         deflator = \"hmt-2025-12\"\ninflation = \"price_rise\"\nbaseline = \"legacy\"\nseed = 7\ndraws = 1000\n\
         sunset = \"2027-03-31\"\n"
    );
    text += &assumption("price_rise", 0.02, "fraction", "");
    text + &option("legacy", "") + &option("hub", "")
}

pub fn option(name: &str, more: &str) -> String {
    format!("[option.{name}]\nlabel = \"{name}\"\nkind = \"do-something\"\nwhat = \"made up\"\n{more}\n")
}

/// An assumption; `dist` such as `uniform = [1, 2]`, or empty.
pub fn assumption(name: &str, value: f64, unit: &str, dist: &str) -> String {
    let dist = if dist.is_empty() { String::new() } else { format!("dist = {{ {dist} }}\n") };
    let base = if unit.contains("GBP") { "2024" } else { "n/a" };
    format!(
        "[assumption.{name}]\nvalue = {value:?}\nunit = \"{unit}\"\n{dist}source = \"made up\"\naccessed = \"2026-09-01\"\n\
         price_base = \"{base}\"\nevidence = \"estimate\"\n"
    )
}

/// A cost line of some options, such as `"hub"`, every year.
pub fn cost(id: &str, options: &str, quantity: &str, unit_price: &str, more: &str) -> String {
    format!(
        "[[cost]]\nid = \"{id}\"\nlabel = \"{id}\"\noption = [{options}]\nclass = \"opex\"\ncategory = \"other\"\n\
         quantity = \"{quantity}\"\nunit_price = \"{unit_price}\"\nbearer = \"national\"\n{more}\n"
    )
}

/// Cost lines of the full case, shared out over its options.
const LINES: usize = 60;
/// Uncertain assumptions that only prices rest on.
const PRICES: usize = 45;

/// A model of the size of a full case: 4 options, 60 cost lines, some 60 assumptions, 10 years, about 1,000 figures.
pub fn full() -> String {
    let mut text = head(10) + &option("hub_ha", "set = { sites = 2 }") + &option("hub_cloud", "");
    for (name, value, unit, dist) in [
        ("peak_tps", 1800.0, "tps", "pert = [1300, 1800, 3500]"),
        ("traffic_growth", 0.05, "fraction", "triangular = [0, 0.05, 0.2]"),
        ("node_tps", 900.0, "message/s/node", "normal = { mean = 900, sd = 40 }"),
        ("headroom", 1.5, "ratio", "uniform = [1.2, 2]"),
        ("sites", 1.0, "site", ""),
        ("messages", 4.8e9, "message/yr", "lognormal = { median = 4.8e9, p90 = 7e9 }"),
        ("attended_share", 0.1, "share", "pert = [0.02, 0.1, 0.4]"),
        ("blocking_share", 0.9, "share", "pert = [0.5, 0.9, 1]"),
        ("wait_before", 1.5, "s/message", "lognormal = { median = 1.5, p90 = 4 }"),
        ("wait_now", 0.15, "s/message", "uniform = [0.1, 0.2]"),
        ("hourly", 22.0, "GBP/h", "pert = [20, 22, 30]"),
        ("realised_share", 0.26, "share", "pert = [0, 0.26, 0.5]"),
        ("contract", 30e6, "GBP/yr", "pert = [25e6, 30e6, 35e6]"),
    ] {
        text += &assumption(name, value, unit, dist);
    }
    for at in 0..PRICES {
        let value = 2000.0 + 500.0 * at as f64;
        let dist = format!("pert = [{}, {value}, {}]", value * 0.7, value * 1.8);
        text += &assumption(&format!("price_{at}"), value, "GBP/node", &dist);
    }
    text += "[derived.growth]\nlabel = \"Growth\"\nunit = \"ratio\"\nformula = \"(1+traffic_growth)^year\"\n\
             [derived.nodes]\nlabel = \"Nodes\"\nunit = \"node\"\n\
             formula = \"ceil(peak_tps*growth*headroom/node_tps/1[node])*sites*1[node/site]\"\n\
             [scenario.busy]\nlabel = \"Busy\"\nscale = { peak_tps = 3 }\n\
             [scenario.dear]\nlabel = \"Dear\"\nset = { contract = 40e6 }\nob_upper = true\n";
    text += &cost("contract", "\"legacy\"", "1", "contract", "");
    for at in 1..LINES {
        let options = [
            "\"hub\", \"hub_ha\"",
            "\"hub_ha\", \"hub_cloud\"",
            "\"hub_cloud\", \"hub\"",
            "\"legacy\", \"hub_ha\"",
        ];
        let more = match at % 3 {
            0 => "ob = \"equipment_development\"\nvat = 0.2\ntiming = { every = 5 }",
            1 => {
                "ob = \"outsourcing\"\nob_mitigation = { business_case = { contribution = 0.58, mitigation = 0.4 } }"
            }
            _ => "vat = 0.2",
        };
        let price = format!("price_{}", at % PRICES);
        text += &cost(&format!("line_{at}"), options[at % 4], "nodes*1.5+2[node]", &price, more);
    }
    for (at, rule) in ["linear", "above_1s", "tapered", "linear", "tapered", "linear"].into_iter().enumerate()
    {
        write!(
            text,
            "[[benefit]]\nid = \"waits_{at}\"\nlabel = \"Waits {at}\"\noption = [\"hub\", \"hub_ha\", \"hub_cloud\"]\nclass = \"nCRB\"\n\
             interaction = \"pds-retrieve\"\nrole = \"reception\"\nvolume = \"messages*growth*0.1\"\nattended = \"attended_share\"\n\
             blocking = \"blocking_share\"\nbefore = \"wait_before\"\nnow = \"wait_now\"\nrule = \"{rule}\"\nhourly = \"hourly\"\n\
             hourly_full = \"hourly*2\"\nrealisation = \"realised_share\"\nramp = [0.3, 0.8, 1.0]\n"
        )
        .unwrap();
    }
    text
}
