//! A model as a list of lines to compare: every assumption, option, cost line and so on with each of its keys as text. What
//! only tells where something stands in the file is left out. Called by `diff`; a key that is added to the model belongs here.

use cost_model::expr::{Expr, words};
use cost_model::model::{
    Assumption, Benefit, BenefitKind, CostLine, DiscountFrom, Distribution, OptionOf, Provenance, Scenario,
    Spending, Timing,
};
use cost_model::{BenefitClass, Model};
use serde::Serialize;

/// The parts of a model, in the order of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// `[model]`, a key each, and the data files behind it.
    Model,
    /// `[configuration]`.
    Configuration,
    /// `[assumption.NAME]`.
    Assumption,
    /// `[derived.NAME]`.
    Derived,
    /// `[option.NAME]`.
    Option,
    /// `[[cost]]`.
    Cost,
    /// `[[benefit]]`.
    Benefit,
    /// `[[metric]]`.
    Metric,
    /// `[scenario.NAME]`.
    Scenario,
    /// `[claim.NAME]`.
    Claim,
    /// `[[qa]]`.
    Qa,
}

impl Part {
    /// Its word in the model file.
    pub fn word(self) -> &'static str {
        match self {
            Part::Model => "model",
            Part::Configuration => "configuration",
            Part::Assumption => "assumption",
            Part::Derived => "derived",
            Part::Option => "option",
            Part::Cost => "cost line",
            Part::Benefit => "benefit",
            Part::Metric => "metric",
            Part::Scenario => "scenario",
            Part::Claim => "claim",
            Part::Qa => "QA entry",
        }
    }
}

/// One line of a model: what it is called, and what its keys say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) part: Part,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) keys: Vec<(&'static str, String)>,
}

type Keys = Vec<(&'static str, String)>;

/// Every line of a model, in the order of its parts.
pub(super) fn items(model: &Model) -> Vec<Item> {
    let mut all = header(model);
    let mut add = |part: Part, name: &str, label: &str, keys: Keys| {
        all.push(Item { part, name: name.to_owned(), label: label.to_owned(), keys });
    };
    if let Some(of) = &model.configuration {
        let keys = vec![
            ("cpu", of.cpu.clone()),
            ("cores", of.cores.to_string()),
            ("store", of.store.clone()),
            ("nodes", of.nodes.to_string()),
        ];
        add(Part::Configuration, "configuration", "Priced configuration", keys);
    }
    model.assumptions.iter().for_each(|a| add(Part::Assumption, &a.name, &a.label, assumption(a)));
    for of in &model.derived {
        let keys = vec![
            ("label", of.label.clone()),
            ("unit", of.unit.to_string()),
            ("formula", formula(&of.formula)),
        ];
        add(Part::Derived, &of.name, &of.label, keys);
    }
    model.options.iter().for_each(|o| add(Part::Option, &o.name, &o.label, option(o)));
    model.costs.iter().for_each(|c| add(Part::Cost, &c.id, &c.label, cost(c)));
    model.benefits.iter().for_each(|b| add(Part::Benefit, &b.id, &b.label, benefit(b)));
    for of in &model.metrics {
        let keys = vec![
            ("label", of.label.clone()),
            ("unit", of.unit_text.clone()),
            ("formula", formula(&of.formula)),
            ("option", of.options.join(", ")),
            ("comment", of.comment.clone()),
        ];
        add(Part::Metric, &of.id, &of.label, keys);
    }
    model.scenarios.iter().for_each(|s| add(Part::Scenario, &s.name, &s.label, scenario(s)));
    for (name, of) in &model.claims {
        let bound = |value: Option<f64>| value.map_or(String::new(), exact);
        let mut keys = vec![
            ("value", format!("{} {}", exact(of.value), of.unit)),
            ("low", bound(of.low)),
            ("high", bound(of.high)),
        ];
        keys.extend(provenance(&of.provenance));
        add(Part::Claim, name, name, keys);
    }
    for of in &model.qa_log {
        let keys = vec![("outcome", of.outcome.clone())];
        add(Part::Qa, &format!("{} {} {}", of.date, of.who, of.what), &of.what, keys);
    }
    all
}

/// The keys of `[model]`, each a line of its own, because each acts on the result by itself.
fn header(model: &Model) -> Vec<Item> {
    let from = match model.discount_from {
        DiscountFrom::Year0 => "year-0",
        DiscountFrom::Year1 => "year-1",
    };
    let rates = |bands: &[(u32, f64)]| {
        bands
            .iter()
            .map(|(year, rate)| format!("{} from year {year}", exact(*rate)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let index = model.deflators.years.iter().map(|(year, (value, _))| format!("{year} {}", exact(*value)));
    let bias = model.optimism_bias.classes.iter().map(|(name, of)| {
        let bounds = [of.capex_upper, of.capex_lower, of.opex_upper, of.opex_lower].map(exact);
        format!("{name} {}", bounds.join("/"))
    });
    let times = model
        .baseline_times
        .rows
        .values()
        .map(|row| format!("{} {} ms", row.interaction, exact(row.legacy_ms)));
    let list = |all: &mut dyn Iterator<Item = String>| all.collect::<Vec<_>>().join(", ");
    let rows: [(&str, &str, String); 19] = [
        ("id", "Short name", model.id.clone()),
        ("title", "Title", model.title.clone()),
        ("what", "What it compares", model.what.clone()),
        ("limits", "Limits of its use", model.limits.join(" ")),
        ("price_base", "Price base", model.price_base.clone()),
        ("currency", "Currency", model.currency.clone()),
        ("start", "First year", model.start.to_string()),
        ("horizon", "Years appraised", model.horizon.to_string()),
        ("discount_from", "First year that is discounted", from.to_owned()),
        ("vintage", "Discount rates", format!("{}: {}", model.schedule.id, rates(&model.schedule.bands))),
        ("vintage_low", "Discount rates of the sensitivity", rates(&model.schedule.low)),
        ("deflator", "Price index", format!("{}: {}", model.deflators.id, list(&mut { index }))),
        ("optimism_bias", "Published optimism bias", list(&mut { bias })),
        ("inflation", "Assumption of the rise of prices", model.inflation.clone()),
        ("seed", "Seed of the draws", model.seed.to_string()),
        ("draws", "Draws", model.draws.to_string()),
        ("baseline", "Option that the others are compared with", model.baseline.clone()),
        ("sunset", "Day after which it must be reviewed", model.sunset.clone()),
        ("baseline_times", "Response times of the legacy", list(&mut { times })),
    ];
    let item = |(name, label, value): (&str, &str, String)| Item {
        part: Part::Model,
        name: name.to_owned(),
        label: label.to_owned(),
        keys: vec![("value", value)],
    };
    rows.into_iter().map(item).collect()
}

fn assumption(of: &Assumption) -> Keys {
    let from = of.from.as_ref().map_or(String::new(), |from| match &from.run {
        Some(run) => format!("{} of {run}", from.metric),
        None => from.metric.clone(),
    });
    let mut keys = vec![
        ("value", format!("{} {}", exact(of.value), of.unit_text)),
        ("dist", of.distribution.as_ref().map_or("certain".to_owned(), distribution)),
        ("from", from),
    ];
    keys.extend(provenance(&of.provenance));
    keys.extend([
        ("label", of.label.clone()),
        ("owner", of.owner.clone()),
        ("signed_off", of.signed_off.clone()),
        ("rag", of.rag.clone()),
        ("comment", of.comment.clone()),
        ("sunset", of.sunset.clone()),
    ]);
    keys
}

fn provenance(of: &Provenance) -> Keys {
    vec![
        ("price_base", of.price_base.clone()),
        ("evidence", of.evidence.to_string()),
        ("source", of.source.clone()),
        ("url", of.url.clone()),
        ("accessed", of.accessed.clone()),
        ("run_sha256", of.run_sha256.clone().unwrap_or_default()),
    ]
}

fn option(of: &OptionOf) -> Keys {
    vec![
        ("label", of.label.clone()),
        ("kind", of.kind.clone()),
        ("what", of.what.clone()),
        ("set", changes(&of.set)),
    ]
}

fn cost(of: &CostLine) -> Keys {
    let years = |years: &[usize]| years.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let timing = match &of.timing {
        Timing::Span(from, to) => format!("years {from} to {to}"),
        Timing::Every(every) => format!("every {every} years from year 0"),
        Timing::Years(all) => format!("years {}", years(all)),
    };
    let mitigation = of.ob_mitigation.iter().map(|(factor, contribution, share)| {
        format!("{factor}: {} of the bias, {} of it mitigated", exact(*contribution), exact(*share))
    });
    vec![
        ("quantity", formula(&of.quantity)),
        ("unit_price", formula(&of.unit_price)),
        ("timing", timing),
        ("option", of.options.join(", ")),
        ("class", if of.spending == Spending::Capex { "capex" } else { "opex" }.to_owned()),
        ("category", of.category.clone()),
        ("ob", of.ob_class.clone().unwrap_or_default()),
        ("ob_mitigation", mitigation.collect::<Vec<_>>().join(", ")),
        ("vat", exact(of.vat)),
        ("bearer", of.bearer.clone()),
        ("label", of.label.clone()),
        ("zero_reason", of.zero_reason.clone()),
        ("comment", of.comment.clone()),
    ]
}

fn benefit(of: &Benefit) -> Keys {
    let class = match of.class {
        BenefitClass::Crb => "CRB",
        BenefitClass::Ncrb => "nCRB",
        BenefitClass::Sb => "SB",
        BenefitClass::Ub => "UB",
    };
    let mut keys = match &of.kind {
        BenefitKind::Amount(amount) => vec![("amount", formula(amount))],
        BenefitKind::Unmonetised(words) => vec![("words", words.clone())],
        BenefitKind::StaffTime(staff) => {
            let sometimes = |tree: &Option<Expr<String>>| tree.as_ref().map_or(String::new(), formula);
            vec![
                ("interaction", staff.interaction.clone()),
                ("role", staff.role.clone()),
                ("volume", formula(&staff.volume)),
                ("attended", formula(&staff.attended)),
                ("blocking", formula(&staff.blocking)),
                ("before", sometimes(&staff.before)),
                ("now", sometimes(&staff.now)),
                ("rule", staff.rule.words().0.to_owned()),
                ("hourly", formula(&staff.hourly)),
                ("hourly_full", sometimes(&staff.hourly_full)),
            ]
        }
    };
    keys.extend([
        ("class", class.to_owned()),
        ("option", of.options.join(", ")),
        ("realisation", formula(&of.realisation)),
        ("ramp", of.ramp.iter().map(|share| exact(*share)).collect::<Vec<_>>().join(", ")),
        ("label", of.label.clone()),
        ("cash_evidence", of.cash_evidence.clone()),
        ("comment", of.comment.clone()),
    ]);
    keys
}

fn scenario(of: &Scenario) -> Keys {
    vec![
        ("label", of.label.clone()),
        ("set", changes(&of.set)),
        ("scale", changes(&of.scale)),
        ("ob_upper", of.ob_upper.to_string()),
    ]
}

fn changes(of: &[(String, f64)]) -> String {
    of.iter().map(|(name, value)| format!("{name} = {}", exact(*value))).collect::<Vec<_>>().join(", ")
}

fn formula(of: &Expr<String>) -> String {
    words::words(of, &|name: &String| name.clone())
}

/// A distribution with every digit of its parameters, so that no change of one is lost.
fn distribution(of: &Distribution) -> String {
    let (word, values): (&str, Vec<f64>) = match of {
        Distribution::Pert(low, mode, high) => ("pert", vec![*low, *mode, *high]),
        Distribution::Triangular(low, mode, high) => ("triangular", vec![*low, *mode, *high]),
        Distribution::Uniform(low, high) => ("uniform", vec![*low, *high]),
        Distribution::Normal(mean, deviation) => ("normal", vec![*mean, *deviation]),
        Distribution::Lognormal(median, p90) => ("lognormal", vec![*median, *p90]),
        Distribution::Seen(values) => ("seen", values.clone()),
    };
    format!("{word} {}", values.into_iter().map(exact).collect::<Vec<_>>().join(", "))
}

/// Every digit of a figure, with thousands separators.
fn exact(value: f64) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let whole = whole.parse().map_or(whole.to_owned(), crate::units::whole);
    let sign = if value < 0.0 { "-" } else { "" };
    fraction.map_or(format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}"))
}
