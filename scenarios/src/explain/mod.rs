//! What a scenario will do, in numbers, before anything runs: for `spinebench explain`. Sizes come from rendering a few
//! requests of each interaction. It sends nothing.

mod curve;
mod draw;
mod needs;
mod show;

pub use draw::Curve;
pub use needs::{Needs, open_files};

use crate::inputs::RenderContext;
use crate::interaction::Interaction;
use crate::mix::What;
use crate::scenario::{Arrivals, Model, Scenario};
use crate::stage::backlog;
use crate::target::Target;
use population::Population;
use serde::Serialize;

/// Version of the explanation as JSON.
const EXPLANATION_VERSION: u32 = 1;

/// What a scenario will do. Rates per second; sizes in bytes; times in seconds.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Version of this form.
    pub format_version: u32,
    /// The scenario's title.
    pub title: String,
    /// SHA-256 of the scenario with its mix and interactions.
    pub sha256: String,
    /// Its seed.
    pub seed: u64,
    /// Whom it asks, in words.
    pub target: String,
    /// How it asks, in words.
    pub load: String,
    /// Planned rate over the run; planned users in the closed model; the mean rate of recorded traffic.
    pub curve: Curve,
    /// Its phases in order.
    pub phases: Vec<PhaseExpected>,
    /// Requests expected in all phases; 0 in the closed model.
    pub arrivals: f64,
    /// Mean rate of the measured phases, per second; 0 in the closed model.
    pub rate_per_s: f64,
    /// Requests an hour at that rate.
    pub per_hour: f64,
    /// Requests a day at that rate.
    pub per_day: f64,
    /// Requests a month of 365 / 12 days at that rate.
    pub per_month: f64,
    /// Bytes per second sent at that rate, HTTP heads included.
    pub sent_bytes_per_s: f64,
    /// Bytes per second answered at that rate, by the sizes that the mix knows; `None` when it knows none.
    pub answered_bytes_per_s: Option<f64>,
    /// Share of the requests whose size of answer the mix knows, 0 to 1.
    pub answered_share_known: f64,
    /// Its interactions, by share.
    pub interactions: Vec<InteractionExpected>,
    /// What an arrival can be: single interactions and journeys.
    pub items: Vec<ItemExpected>,
    /// Its journeys.
    pub journeys: Vec<JourneyExpected>,
    /// Its kinds of users, in the closed model.
    pub users: Vec<UsersExpected>,
    /// What is done to the system under test.
    pub events: Vec<EventExpected>,
    /// Rows of the mix that are not replayed: name, share, why.
    pub not_replayed: Vec<crate::mix::NotReplayed>,
    /// What it needs of the machine, in numbers.
    pub machine: Needs,
    /// What it needs of the machine and of the user, in sentences.
    pub needs: Vec<String>,
    /// Budgets, in words.
    pub budgets: Vec<String>,
}

/// A phase in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct PhaseExpected {
    /// Its name.
    pub name: String,
    /// Its shape in words.
    pub shape: String,
    /// Its length, seconds.
    pub duration_s: f64,
    /// Rate at its start, per second.
    pub from_per_s: f64,
    /// Rate at its end, per second.
    pub to_per_s: f64,
    /// Its highest rate, per second.
    pub most_per_s: f64,
    /// Seconds of the scenario's own time in a second of the run.
    pub lapse: f64,
    /// Requests expected.
    pub arrivals: f64,
    /// Whether it counts for the result.
    pub measured: bool,
}

/// What an arrival can be.
#[derive(Debug, Clone, Serialize)]
pub struct ItemExpected {
    /// The interaction's or the journey's name.
    pub name: String,
    /// Whether it is a journey.
    pub journey: bool,
    /// How often it arrives for each request of the mix.
    pub share: f64,
}

/// A journey in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct JourneyExpected {
    /// Its name.
    pub name: String,
    /// Its steps: interaction, and the pause before it in the scenario's own time, seconds.
    pub steps: Vec<(String, f64)>,
    /// Journeys expected to begin, in all phases.
    pub begun: f64,
    /// Share of all requests that are its steps, 0 to 1.
    pub share: f64,
}

/// A kind of users in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct UsersExpected {
    /// What they are.
    pub name: String,
    /// How many.
    pub count: u32,
    /// How many more start each second.
    pub hatch_per_s: f64,
    /// Shortest and longest pause, seconds.
    pub think_s: (f64, f64),
    /// Length of a session in the scenario's own time, seconds; `None`: the whole run.
    pub session_s: Option<f64>,
    /// What each session begins with.
    pub begins: Vec<String>,
    /// What they do, with weights that sum to 1.
    pub does: Vec<(String, f64)>,
}

/// An event.
#[derive(Debug, Clone, Serialize)]
pub struct EventExpected {
    /// When, seconds from the start of the run.
    pub at_s: f64,
    /// What, as written.
    pub text: String,
}

/// An interaction in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct InteractionExpected {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Method and path, with variables.
    pub request: String,
    /// The file it comes from.
    pub file: String,
    /// Share of all requests as replayed.
    pub share: f64,
    /// Arrivals expected in all phases.
    pub arrivals: f64,
    /// Arrivals per hour, day and month of 30.4 days at the measured rate.
    pub per_hour: f64,
    /// Arrivals a day.
    pub per_day: f64,
    /// Arrivals a month.
    pub per_month: f64,
    /// Mean size of a rendered request, head included, bytes.
    pub request_bytes: f64,
    /// The stages it takes from.
    pub takes: Vec<String>,
    /// The stage it leaves at.
    pub leaves: Option<String>,
}

/// Days of a mean month: 365 / 12.
const DAYS_PER_MONTH: f64 = 365.0 / 12.0;
/// Requests rendered for a mean size: names and addresses differ by a few bytes only.
const SAMPLES: u64 = 32;

/// Explains a scenario.
pub fn explain(scenario: &Scenario) -> Explanation {
    let phases: Vec<PhaseExpected> = scenario.phases.iter().map(phase).collect();
    let (arrivals, rate_per_s) = curve::totals(scenario);
    let interactions = interactions(scenario, arrivals, rate_per_s);
    let answers = || scenario.mix.rows.iter().filter_map(|r| Some((r.share, r.resp_bytes?)));
    let known: f64 = answers().map(|(share, _)| share).sum();
    let answer_bytes: f64 = answers().map(|(share, bytes)| share * bytes as f64).sum();
    let sent_bytes: f64 = interactions.iter().map(|i| i.share * i.request_bytes).sum();
    let machine = needs::machine(scenario, arrivals, sent_bytes);
    Explanation {
        format_version: EXPLANATION_VERSION,
        title: scenario.title.clone(),
        sha256: scenario.sha256.clone(),
        seed: scenario.seed,
        target: match &scenario.target {
            Target::Embedded { store } => format!("a reference hub of its own, on the {store} store"),
            Target::Url { url, authorised: Some(who), .. } => format!("{url}, authorised: {who}"),
            Target::Url { url, authorised: None, .. } => url.clone(),
        },
        load: load(scenario),
        curve: curve::of(scenario),
        arrivals,
        rate_per_s,
        per_hour: rate_per_s * 3_600.0,
        per_day: rate_per_s * 86_400.0,
        per_month: rate_per_s * 86_400.0 * DAYS_PER_MONTH,
        sent_bytes_per_s: sent_bytes * rate_per_s,
        answered_bytes_per_s: (known > 0.0).then_some(answer_bytes * rate_per_s),
        answered_share_known: known,
        phases,
        interactions,
        items: scenario.items.iter().map(|i| item(scenario, i)).collect(),
        journeys: journeys(scenario, arrivals),
        users: scenario.load.users.iter().map(|u| users(scenario, u)).collect(),
        events: scenario
            .events
            .iter()
            .map(|e| EventExpected { at_s: e.at.as_secs_f64(), text: e.text.clone() })
            .collect(),
        not_replayed: scenario.mix.not_replayed.clone(),
        needs: needs::sentences(scenario, arrivals, &machine),
        machine,
        budgets: scenario
            .budgets
            .iter()
            .map(|b| format!("{}: {} {}", b.interaction, b.metric, b.text))
            .collect(),
    }
}

fn load(scenario: &Scenario) -> String {
    let load = &scenario.load;
    if load.model == Model::Users {
        let count: u64 = load.users.iter().map(|u| u64::from(u.count)).sum();
        return format!(
            "closed model: {count} users, who wait for each answer and think before the next request"
        );
    }
    if load.model == Model::Closed {
        return format!(
            "closed model: {} connections, each of which asks again as soon as it has its answer",
            load.connections
        );
    }
    let spacing = match (load.arrivals, &load.trace) {
        (Arrivals::Poisson, _) => "Poisson arrivals".to_owned(),
        (Arrivals::Constant, _) => "evenly spaced arrivals".to_owned(),
        (Arrivals::Bursty { dispersion }, _) => format!("bursty arrivals (index of dispersion {dispersion})"),
        (Arrivals::Trace, Some(t)) => {
            format!("arrivals as recorded in {}, at {} times the speed", t.path.display(), t.speed)
        }
        (Arrivals::Trace, None) => "recorded arrivals".to_owned(),
    };
    format!("open model: {spacing} over {} connections", load.connections)
}

fn phase(p: &crate::scenario::Phase) -> PhaseExpected {
    let (from_per_s, to_per_s, most_per_s) = p.rates_per_s();
    PhaseExpected {
        name: p.name.clone(),
        shape: p.shape.clone(),
        duration_s: p.duration.as_secs_f64(),
        from_per_s,
        to_per_s,
        most_per_s,
        lapse: p.lapse,
        arrivals: p.requests(),
        measured: p.measured,
    }
}

fn interactions(scenario: &Scenario, arrivals: f64, rate_per_s: f64) -> Vec<InteractionExpected> {
    let population = Population::new(scenario.seed, scenario.population).ok();
    let share_of = |id: usize| match &scenario.load.trace {
        Some(trace) => trace.counts.get(id).copied().unwrap_or(0) as f64 / trace.rows.max(1) as f64,
        None => scenario.mix.rows.iter().filter(|r| r.interaction == id).map(|r| r.share).sum(),
    };
    let mut list: Vec<InteractionExpected> = scenario
        .interactions
        .iter()
        .enumerate()
        .map(|(id, interaction)| {
            let share: f64 = share_of(id);
            let per_hour = rate_per_s * share * 3_600.0;
            InteractionExpected {
                name: interaction.name.clone(),
                title: interaction.title.clone(),
                request: format!("{} {}", interaction.method(), interaction.path()),
                file: interaction.file.clone(),
                share,
                arrivals: arrivals * share,
                per_hour,
                per_day: per_hour * 24.0,
                per_month: per_hour * 24.0 * DAYS_PER_MONTH,
                request_bytes: population.map_or(0.0, |p| request_bytes(interaction, &p, scenario.seed)),
                takes: interaction.takes().iter().map(|s| (*s).to_owned()).collect(),
                leaves: interaction.leaves().map(str::to_owned),
            }
        })
        .collect();
    list.sort_by(|a, b| b.share.total_cmp(&a.share));
    list
}

fn name_of(scenario: &Scenario, what: What) -> String {
    match what {
        What::Single(id) => scenario.interactions.get(id).map_or(String::new(), |i| i.name.clone()),
        What::Journey(at) => scenario.journeys.get(at).map_or(String::new(), |j| j.name.clone()),
    }
}

fn item(scenario: &Scenario, item: &crate::mix::Item) -> ItemExpected {
    let journey = matches!(item.what, What::Journey(_));
    ItemExpected { name: name_of(scenario, item.what), journey, share: item.share }
}

fn journeys(scenario: &Scenario, arrivals: f64) -> Vec<JourneyExpected> {
    let journey = |(at, j): (usize, &crate::scenario::Journey)| {
        let share: f64 = scenario.items.iter().filter(|i| i.what == What::Journey(at)).map(|i| i.share).sum();
        JourneyExpected {
            name: j.name.clone(),
            steps: j
                .steps
                .iter()
                .map(|s| (name_of(scenario, What::Single(s.interaction)), s.pause.as_secs_f64()))
                .collect(),
            begun: arrivals * share,
            share: share * j.steps.len() as f64,
        }
    };
    scenario.journeys.iter().enumerate().map(journey).collect()
}

fn users(scenario: &Scenario, u: &crate::scenario::Users) -> UsersExpected {
    let does = |(at, weight): &(usize, f64)| {
        let what = scenario.items.get(*at).map(|i| name_of(scenario, i.what));
        (what.unwrap_or_default(), *weight)
    };
    UsersExpected {
        name: u.name.clone(),
        count: u.count,
        hatch_per_s: u.hatch_per_s,
        think_s: (u.think_min.as_secs_f64(), u.think_max.as_secs_f64()),
        session_s: u.session.map(|s| s.as_secs_f64()),
        begins: u.begins.iter().map(|id| name_of(scenario, What::Single(*id))).collect(),
        does: u.does.iter().map(does).collect(),
    }
}

/// Mean size of a rendered request. What it takes comes from the backlog of the first of its stages that has one.
fn request_bytes(interaction: &Interaction, population: &Population, seed: u64) -> f64 {
    let mut out = Vec::new();
    for n in 0..SAMPLES {
        let taken = interaction.takes().iter().find_map(|s| backlog(s, n % 16, population));
        let cx = RenderContext {
            population,
            seed,
            seq: n,
            ordinal: n,
            taken: taken.as_ref(),
            given: crate::inputs::Given::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
            host: "127.0.0.1:8700",
        };
        interaction.render(&cx, &mut out);
    }
    out.len() as f64 / SAMPLES as f64
}
