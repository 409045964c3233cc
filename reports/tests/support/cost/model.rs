//! The made-up model of the tests of the cost report: three options over ten years with every kind of cost, benefit, metric
//! and scenario, and what a run would have given. Its figures price nothing.

use std::collections::BTreeMap;

use cost_model::expr::{Expr, parse};
use cost_model::model::*;
use cost_model::{
    Baseline, BiasClass, Deflators, Evidence, Measurement, Metric as Measured, Model, OptimismBias, Rule,
    Schedule, Unit, Wait,
};

fn formula(text: &str) -> Expr<String> {
    parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn provenance(evidence: Evidence, price_base: &str) -> Provenance {
    Provenance {
        source: format!("Made up for a test, {evidence}"),
        url: "https://example.org/figures?a=1&b=2".into(),
        accessed: "2026-09-01".into(),
        price_base: price_base.into(),
        evidence,
        run_sha256: None,
    }
}

/// Name, label, value, unit, grade, range.
type Given = (&'static str, &'static str, f64, &'static str, Evidence, Option<(f64, f64)>);

#[rustfmt::skip]
const ASSUMPTIONS: [Given; 17] = [
    ("peak_rate", "Peak rate of transactions", 1_800.0, "tps", Evidence::Published, Some((1_300.0, 3_500.0))),
    ("node_capacity", "Transactions a second that one node carries within budget", 2_400.0, "message/s/node", Evidence::Estimate, Some((1_800.0, 3_000.0))),
    ("headroom", "Headroom over the peak", 1.5, "factor", Evidence::Estimate, Some((1.2, 2.0))),
    ("sites", "Sites", 2.0, "site", Evidence::Estimate, None),
    ("server_price", "Price of a server", 9_000.0, "GBP/node", Evidence::Quoted, Some((6_000.0, 16_000.0))),
    ("legacy_run", "Running cost of the legacy system", 31_000_000.0, "GBP/yr", Evidence::Estimate, Some((29e6, 35e6))),
    ("team", "People who run the hub", 40.0, "FTE", Evidence::Estimate, Some((25.0, 80.0))),
    ("fte_price", "Cost of a full-time post", 78_000.0, "GBP/FTE/yr", Evidence::Derived, Some((70e3, 95e3))),
    ("migration", "Migration of all clients", 18_000_000.0, "GBP", Evidence::Estimate, Some((8e6, 60e6))),
    ("kwh_price", "Price of electricity", 0.25, "GBP/kWh", Evidence::Published, Some((0.18, 0.4))),
    ("node_power", "Power of a node with its share of cooling", 0.45, "kWh/h/node", Evidence::Estimate, None),
    ("hours_a_year", "Hours in a year", 8_760.0, "h/yr", Evidence::Derived, None),
    ("messages_a_year", "Messages a year", 4.8e9, "message/yr", Evidence::Published, Some((4e9, 15e9))),
    ("blocking", "Share of waits in which nothing else can be done", 0.5, "fraction", Evidence::Estimate, Some((0.2, 0.9))),
    ("pay", "Pay of an hour, marginal", 25.0, "GBP/h", Evidence::Derived, Some((21.0, 37.0))),
    ("realised", "Share of freed time that is put to use", 0.26, "fraction", Evidence::Estimate, Some((0.0, 0.5))),
    ("inflation", "Rise of prices a year", 0.02, "fraction", Evidence::Published, None),
];

fn assumption(given: &Given) -> Assumption {
    let (name, label, value, unit, evidence, range) = given;
    Assumption {
        name: (*name).into(),
        label: (*label).into(),
        value: *value,
        unit: Unit::parse(unit).expect("a unit"),
        unit_text: (*unit).into(),
        distribution: range.map(|(low, high)| Distribution::Pert(low, *value, high)),
        provenance: provenance(*evidence, if unit.starts_with("GBP") { "2024-25" } else { "n/a" }),
        from: (*name == "node_capacity").then(|| From { metric: "capacity_per_s".into(), run: None }),
        owner: "A. Nalyst".into(),
        signed_off: String::new(),
        rag: "amber".into(),
        comment: if *name == "team" { "Includes on-call around the clock.".into() } else { String::new() },
        sunset: String::new(),
        line: 1,
    }
}

fn option(name: &str, label: &str, kind: &str, set: &[(&str, f64)]) -> OptionOf {
    OptionOf {
        name: name.into(),
        label: label.into(),
        kind: kind.into(),
        what: format!("{label}, as made up for a test."),
        set: set.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        line: 1,
    }
}

const HUBS: [&str; 2] = ["hub_ha", "hub_cloud"];

/// Id, label, category, capital?, timing, quantity, price, class of optimism bias, VAT, reason for nothing.
type Priced = (
    &'static str,
    &'static str,
    &'static str,
    bool,
    Timing,
    &'static str,
    &'static str,
    bool,
    f64,
    &'static str,
);

#[rustfmt::skip]
fn costs() -> Vec<CostLine> {
    let every_year = || Timing::Span(0, 9);
    let hub: Vec<Priced> = vec![
        ("servers", "Servers, two sites with a spare each", "hardware", true, Timing::Every(5), "nodes", "server_price", true, 0.2, ""),
        ("hosting", "Racks, power feed and cooling", "hosting", false, every_year(), "nodes", "1800[GBP/node/yr]", false, 0.2, ""),
        ("energy", "Electricity", "energy", false, every_year(), "nodes*node_power*hours_a_year", "kwh_price", false, 0.05, ""),
        ("licence", "Licences", "licence", false, every_year(), "0", "0[GBP/yr]", false, 0.0, "Open source: nothing is licensed."),
        ("support", "Support of hardware around the clock, four hours to repair", "support", false, every_year(), "nodes", "900[GBP/node/yr]", false, 0.2, ""),
        ("network", "Network between the sites", "network", false, every_year(), "1", "220000[GBP/yr]", false, 0.2, ""),
        ("people", "People who run and change the hub", "people", false, every_year(), "team", "fte_price", false, 0.0, ""),
        ("desk", "Service desk", "service-desk", false, every_year(), "6[FTE]", "fte_price", false, 0.0, ""),
        ("assurance", "Assurance: clinical safety, security, penetration tests", "assurance", false, every_year(), "1", "350000[GBP/yr]", false, 0.2, ""),
        ("migration", "Migration of all clients", "migration", true, Timing::Years(vec![0, 1]), "0.5", "migration", true, 0.2, ""),
        ("training", "Training", "training", false, Timing::Years(vec![0]), "1", "400000[GBP/yr]", false, 0.0, ""),
        ("exit", "Exit at the end", "exit", true, Timing::Years(vec![9]), "1", "500000[GBP/yr]", false, 0.2, ""),
    ];
    let dual: Priced = ("dual", "Both systems at once in the first year", "dual-running", false, Timing::Span(0, 0), "1", "legacy_run", false, 0.2, "");
    let legacy: Priced = ("legacy", "Legacy contract", "hosting", false, every_year(), "1", "legacy_run", false, 0.2, "");
    let line = |priced: &Priced, options: &[&str]| {
        let (id, label, category, capital, timing, quantity, price, bias, vat, reason) = priced.clone();
        CostLine {
            id: id.into(),
            label: label.into(),
            options: texts(options),
            spending: if capital { Spending::Capex } else { Spending::Opex },
            category: category.into(),
            timing,
            quantity: formula(quantity),
            unit_price: formula(price),
            ob_class: bias.then(|| "equipment_development".to_owned()),
            ob_mitigation: if bias { vec![("business_case".into(), 0.58, 0.4)] } else { Vec::new() },
            bearer: "national".into(),
            vat,
            zero_reason: reason.into(),
            comment: String::new(),
            line: 1,
        }
    };
    let mut all = vec![line(&legacy, &["legacy"])];
    all.extend(hub.iter().map(|priced| line(priced, &HUBS)));
    all.push(line(&dual, &HUBS));
    all
}

fn benefit(id: &str, label: &str, class: BenefitClass, kind: BenefitKind) -> Benefit {
    Benefit {
        id: id.into(),
        label: label.into(),
        options: texts(&HUBS),
        class,
        kind,
        realisation: formula(if class == BenefitClass::Ncrb { "realised" } else { "1" }),
        ramp: vec![0.3, 0.8, 1.0],
        cash_evidence: String::new(),
        comment: String::new(),
        line: 1,
    }
}

fn benefits() -> Vec<Benefit> {
    let waits = StaffTime {
        interaction: "attended".into(),
        role: "reception, band 3".into(),
        volume: formula("messages_a_year"),
        attended: formula("1"),
        blocking: formula("blocking"),
        before: None,
        now: None,
        rule: Rule::Linear,
        hourly: formula("pay"),
        hourly_full: Some(formula("pay*1.8")),
    };
    let words = "People trust a record that is there when they look.".to_owned();
    vec![
        benefit("waits", "Staff wait less", BenefitClass::Ncrb, BenefitKind::StaffTime(Box::new(waits))),
        benefit(
            "paper",
            "Paper forms no longer printed",
            BenefitClass::Crb,
            BenefitKind::Amount(formula("120000[GBP/yr]")),
        ),
        benefit(
            "travel",
            "Patients travel less",
            BenefitClass::Sb,
            BenefitKind::Amount(formula("90000[GBP/yr]")),
        ),
        benefit("trust", "Trust in the record", BenefitClass::Ub, BenefitKind::Unmonetised(words)),
    ]
}

fn metric(id: &str, label: &str, unit: &str, of: &str) -> Metric {
    Metric {
        id: id.into(),
        label: label.into(),
        unit: Unit::parse(unit).expect("a unit"),
        unit_text: unit.into(),
        formula: formula(of),
        options: Vec::new(),
        comment: String::new(),
        line: 1,
    }
}

/// The model.
#[rustfmt::skip]
pub fn model() -> Model {
    let scenario = |name: &str, label: &str, set: &[(&str, f64)], scale: &[(&str, f64)], ob_upper| Scenario {
        name: name.into(),
        label: label.into(),
        set: set.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        scale: scale.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        ob_upper,
        line: 1,
    };
    let bias = BiasClass {
        capex_upper: 2.0,
        capex_lower: 0.1,
        opex_upper: 0.0,
        opex_lower: 0.0,
        source: "Mott MacDonald 2002, table 2".into(),
    };
    Model {
        origin: "a test".into(),
        id: "made-up".into(),
        title: "A national hub: three options, made up for a test".into(),
        what: "What the legacy hub, a hub on own hardware and a hub in the cloud would cost over ten years.".into(),
        limits: texts(&[
            "Every figure here is made up for a test; nothing may be decided on it.",
            "The running cost of the legacy system was never published; it is assumed.",
        ]),
        price_base: "2024-25".into(),
        currency: "GBP".into(),
        start: 2026,
        horizon: 10,
        discount_from: DiscountFrom::Year0,
        schedule: Schedule {
            id: "greenbook-2026-02".into(),
            source: "HM Treasury, Green Book 2026".into(),
            bands: vec![(0, 0.035), (31, 0.03)],
            low: vec![(0, 0.03)],
        },
        deflators: Deflators {
            id: "hmt-2025-12".into(),
            source: "HM Treasury, GDP deflators, December 2025".into(),
            years: BTreeMap::from([(2024, (100.0, Evidence::Published)), (2025, (103.0, Evidence::Estimate))]),
        },
        optimism_bias: OptimismBias { classes: BTreeMap::from([("equipment_development".into(), bias)]) },
        inflation: "inflation".into(),
        seed: 20_260_901,
        draws: 2_000,
        baseline: "legacy".into(),
        sunset: "2027-03-31".into(),
        assumptions: ASSUMPTIONS.iter().map(assumption).collect(),
        derived: vec![Derived {
            name: "nodes".into(),
            label: "Nodes".into(),
            unit: Unit::parse("node").expect("a unit"),
            formula: formula("sites/1[site]*(ceil(peak_rate*headroom/node_capacity/1[node])+1)*1[node]"),
            line: 1,
        }],
        options: vec![
            option("legacy", "Legacy system goes on", "business-as-usual", &[]),
            option("hub_ha", "Hub on own hardware, two sites", "preferred", &[]),
            option("hub_cloud", "Hub in a public cloud, one region with three zones", "alternative", &[("server_price", 26_000.0), ("team", 32.0)]),
        ],
        costs: costs(),
        benefits: benefits(),
        metrics: vec![
            metric("per_tps", "Cost a year for each transaction a second at capacity", "GBP/tps", "eanc/peak_rate"),
            metric("per_million", "Cost for each million messages at demand", "GBP/message", "eanc/(messages_a_year*1[yr])*1000000"),
        ],
        scenarios: vec![
            scenario("traffic", "Three times the traffic", &[], &[("peak_rate", 3.0)], false),
            scenario("cheap", "Legacy a fifth cheaper", &[], &[("legacy_run", 0.8)], false),
            scenario("bias", "Optimism bias at its upper bound", &[], &[], true),
        ],
        claims: BTreeMap::from([(
            "first_year_saving".to_owned(),
            Claim {
                value: 21e6,
                low: Some(20e6),
                high: Some(26e6),
                unit: "GBP in the first year".into(),
                provenance: provenance(Evidence::Published, "2014-15"),
            },
        )]),
        qa_log: vec![QaEntry {
            date: "2026-09-02".into(),
            who: "R. Eviewer".into(),
            what: "Formulas against a spreadsheet".into(),
            outcome: "agree to the penny".into(),
        }],
        configuration: Some(Configuration { cpu: "AMD EPYC".into(), cores: 16, store: "fjall".into(), nodes: 2 }),
        baseline_times: Baseline { origin: "a test".into(), rows: BTreeMap::new() },
        prices: Vec::new(),
        lines: BTreeMap::new(),
        inputs: vec![InputFile { name: "made-up.toml".into(), bytes: 4_096, sha256: "ab".repeat(32) }],
    }
}

/// What a run would have given.
pub fn measurement() -> Measurement {
    let wait = |interaction: &str, share: f64, before: f64, now: f64| Wait {
        interaction: interaction.into(),
        share,
        now_s: Rule::EACH.map(|rule| rule.counted_s(now)),
        before_s: Some(Rule::EACH.map(|rule| rule.counted_s(before))),
    };
    let capacity = Measured {
        value: 2_650.0,
        unit: "message/s/node".into(),
        seen: vec![2_500.0, 2_650.0, 2_700.0],
        how: "highest rate at which every budget was kept".into(),
    };
    Measurement {
        origin: "runs/latest".into(),
        sha256: "cd".repeat(32),
        date: "2026-09-03".into(),
        scenario: "National peak: 1,800 transactions per second".into(),
        valid: true,
        metrics: BTreeMap::from([("capacity_per_s".into(), capacity)]),
        waits: vec![
            wait("pds-retrieve", 0.355, 0.245, 0.001),
            wait("pds-trace", 0.085, 1.382, 0.002),
            wait("pds-update", 0.022, 1.636, 0.004),
        ],
        cpu: "AMD EPYC 9V74".into(),
        cores: 2,
        store: "fjall".into(),
        nodes: 1,
        warnings: vec!["The machine was shared with others.".into()],
    }
}
