//! What a scenario will do, in numbers, before anything runs: for `spinebench explain`. Sizes come from rendering a few
//! requests of each interaction. It sends nothing.

use crate::inputs::RenderContext;
use crate::interaction::Interaction;
use crate::scenario::{Model, Scenario};
use crate::stage::backlog;
use crate::target::Target;
use crate::units::duration_text;
use population::Population;
use std::fmt;

/// What a scenario will do.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The scenario's title.
    pub title: String,
    /// Whom it asks, in words.
    pub target: String,
    /// How it asks, in words.
    pub load: String,
    /// Its phases in order.
    pub phases: Vec<PhaseExpected>,
    /// Arrivals expected in all phases; 0 in the closed model.
    pub arrivals: f64,
    /// Mean rate of the measured phases, per second; 0 in the closed model.
    pub rate_per_s: f64,
    /// Bytes per second sent at that rate, HTTP heads included.
    pub sent_bytes_per_s: f64,
    /// Its interactions, by share.
    pub interactions: Vec<InteractionExpected>,
    /// Rows of the mix that are not replayed: name, share, why.
    pub not_replayed: Vec<crate::mix::NotReplayed>,
    /// What it needs of the machine and of the user, in sentences.
    pub needs: Vec<String>,
    /// Budgets, in words.
    pub budgets: Vec<String>,
}

/// A phase in numbers.
#[derive(Debug, Clone)]
pub struct PhaseExpected {
    /// Its name.
    pub name: String,
    /// Its length, seconds.
    pub duration_s: f64,
    /// Rate at its start and end, per second.
    pub from_per_s: f64,
    /// Rate at its end, per second.
    pub to_per_s: f64,
    /// Arrivals expected.
    pub arrivals: f64,
    /// Whether it counts for the result.
    pub measured: bool,
}

/// An interaction in numbers.
#[derive(Debug, Clone)]
pub struct InteractionExpected {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Method and path, with variables.
    pub request: String,
    /// The file it comes from.
    pub file: String,
    /// Share of all arrivals as replayed.
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
    let phases: Vec<PhaseExpected> = scenario
        .phases
        .iter()
        .map(|p| PhaseExpected {
            name: p.name.clone(),
            duration_s: p.duration.as_secs_f64(),
            from_per_s: p.rates_per_s().0,
            to_per_s: p.rates_per_s().1,
            arrivals: p.requests(),
            measured: p.measured,
        })
        .collect();
    let arrivals = phases.iter().map(|p| p.arrivals).sum();
    let measured = |f: fn(&PhaseExpected) -> f64| phases.iter().filter(|p| p.measured).map(f).sum::<f64>();
    let rate_per_s = measured(|p| p.arrivals) / measured(|p| p.duration_s);
    let population = Population::new(scenario.seed, scenario.population).ok();
    let mut interactions: Vec<InteractionExpected> = scenario
        .interactions
        .iter()
        .enumerate()
        .map(|(id, interaction)| {
            let share: f64 = scenario.mix.rows.iter().filter(|r| r.interaction == id).map(|r| r.share).sum();
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
    interactions.sort_by(|a, b| b.share.total_cmp(&a.share));
    Explanation {
        title: scenario.title.clone(),
        target: match &scenario.target {
            Target::Embedded { store } => format!("a reference hub of its own, on the {store} store"),
            Target::Url { url, authorised: Some(who), .. } => format!("{url}, authorised: {who}"),
            Target::Url { url, authorised: None, .. } => url.clone(),
        },
        load: match (scenario.load.users.first(), scenario.load.model) {
            (Some(u), Model::Users) => format!(
                "closed model: {} users, {}/s starting, {} to {} to think",
                u.count,
                u.hatch_per_s,
                duration_text(u.think_min),
                duration_text(u.think_max)
            ),
            _ => format!(
                "open model: {} arrivals over {} connections",
                match scenario.load.arrivals {
                    crate::scenario::Arrivals::Poisson => "Poisson",
                    crate::scenario::Arrivals::Constant => "evenly spaced",
                    crate::scenario::Arrivals::Bursty { .. } => "bursty",
                    crate::scenario::Arrivals::Trace => "recorded",
                },
                scenario.load.connections
            ),
        },
        arrivals,
        rate_per_s,
        sent_bytes_per_s: interactions.iter().map(|i| i.share * i.request_bytes).sum::<f64>() * rate_per_s,
        phases,
        interactions,
        not_replayed: scenario.mix.not_replayed.clone(),
        needs: needs(scenario),
        budgets: scenario
            .budgets
            .iter()
            .map(|b| format!("{}: {} {}", b.interaction, b.metric, b.text))
            .collect(),
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

fn needs(scenario: &Scenario) -> Vec<String> {
    let total_s: f64 = scenario.phases.iter().map(|p| p.duration.as_secs_f64()).sum();
    let mut needs = vec![
        format!("{total_s:.0} s of running, after the hub is ready."),
        format!("{} connections, so as many file handles in each process.", scenario.load.connections),
    ];
    let sizes = scenario.population;
    needs.push(match &scenario.target {
        Target::Embedded { .. } => format!(
            "A hub that is first filled with {} patients, {} organisations and {} end points.",
            sizes.patients, sizes.organisations, sizes.endpoints
        ),
        Target::Url { .. } => format!(
            "A hub that was filled from seed {} with {} patients, {} organisations and {} end points, if it checks \
             who is asked about.",
            scenario.seed, sizes.patients, sizes.organisations, sizes.endpoints
        ),
    });
    for interaction in &scenario.interactions {
        let takes = interaction.takes();
        let left = scenario.interactions.iter().any(|i| i.leaves().is_some_and(|l| takes.contains(&l)));
        if !takes.is_empty() && !left {
            needs.push(format!(
                "{} takes from {} and no interaction of this mix leaves anything there: it lives on the backlog of \
                 the freshly filled hub, and arrivals beyond that are dropped.",
                interaction.name,
                takes.join(" or ")
            ));
        }
    }
    needs
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\nasks    {}\nload    {}\n", self.title, self.target, self.load)?;
        writeln!(f, "phase                       seconds     from/s       to/s     arrivals")?;
        for p in &self.phases {
            let name = if p.measured { p.name.clone() } else { format!("{} (not measured)", p.name) };
            writeln!(
                f,
                "{name:<26} {:>8.1} {:>10.1} {:>10.1} {:>12.0}",
                p.duration_s, p.from_per_s, p.to_per_s, p.arrivals
            )?;
        }
        if self.arrivals > 0.0 {
            writeln!(
                f,
                "\nAt {:.1}/s: {:.0} an hour, {:.2} million a day, {:.1} million a month, {:.2} MB/s of requests.",
                self.rate_per_s,
                self.rate_per_s * 3_600.0,
                self.rate_per_s * 86_400.0 / 1e6,
                self.rate_per_s * 86_400.0 * DAYS_PER_MONTH / 1e6,
                self.sent_bytes_per_s / 1e6
            )?;
        }
        writeln!(f, "\ninteraction                   share %   arrivals     per hour      per day   bytes")?;
        for i in &self.interactions {
            writeln!(
                f,
                "{:<28} {:>8.4} {:>10.0} {:>12.0} {:>12.0} {:>7.0}",
                i.name,
                i.share * 100.0,
                i.arrivals,
                i.per_hour,
                i.per_day,
                i.request_bytes
            )?;
        }
        if !self.not_replayed.is_empty() {
            let sum: f64 = self.not_replayed.iter().map(|n| n.share).sum();
            writeln!(f, "\nNot yet replayed, {:.2} % in all, handed out in proportion:", sum * 100.0)?;
            for n in &self.not_replayed {
                writeln!(f, "  {:>7.4} %  {} ({})", n.share * 100.0, n.row, n.why)?;
            }
        }
        writeln!(f, "\nNeeds:")?;
        for need in &self.needs {
            writeln!(f, "  {need}")?;
        }
        if !self.budgets.is_empty() {
            writeln!(f, "\nBudgets:")?;
            for budget in &self.budgets {
                writeln!(f, "  {budget}")?;
            }
        }
        Ok(())
    }
}
