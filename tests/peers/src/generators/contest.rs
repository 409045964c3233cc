//! Who takes part in a comparison of generators, and the rounds: everybody once in each, in turn. Called by the comparisons.

use super::{Ask, Found, Load, Outcome, ours, peers, run, shown};
use crate::bench::Bench;
use crate::table::{Figure, Row};

/// The product's rows are named so.
pub const OURS: &str = "spinebench";
/// Added to the name of a row with the generator's own correction.
const CORRECTED: &str = ", corrected";

/// How a contestant is measured.
type Measure = Box<dyn Fn(&Bench, &Ask) -> Result<Outcome, String>>;

/// One contestant.
pub struct Contestant {
    /// The row that it makes; figures are added round by round.
    pub row: Row,
    /// Its load.
    pub load: Load,
    measure: Measure,
}

/// The contestants for some loads, the product first; and a sentence for each that cannot be had.
pub fn contestants(bench: &Bench, loads: &[Load], seconds: u32) -> (Vec<Contestant>, Vec<String>) {
    let (mut all, mut missing) = (Vec::new(), Vec::new());
    match ours::find(bench) {
        Ok(found) => {
            all.extend(loads.iter().take(1).map(|load| product(bench, &found, example(*load, seconds))))
        }
        Err(sentence) => missing.push(format!("{OURS}: {sentence}")),
    }
    for peer in peers::PEERS {
        match (peer.find)(bench) {
            Ok(found) => {
                all.extend(loads.iter().filter_map(|load| other(peer, &found, example(*load, seconds))))
            }
            Err(sentence) => missing.push(format!("{} is left out: {sentence}", peer.name)),
        }
    }
    (all, missing)
}

fn product(bench: &Bench, found: &Found, example: Ask) -> Contestant {
    let command = shown(&found.program, &ours::words(found, bench));
    let scenario = ours::scenario(&example).trim_end().replace('\n', "; ");
    let row = Row {
        who: OURS.to_owned(),
        version: found.version.clone(),
        command,
        figures: Vec::new(),
        note: format!("everything recorded and every answer checked; scenario: {scenario}"),
    };
    let found = found.clone();
    Contestant {
        row,
        load: example.load,
        measure: Box::new(move |bench, ask| ours::measure(bench, &found, ask)),
    }
}

fn other(peer: &'static peers::Peer, found: &Found, example: Ask) -> Option<Contestant> {
    let words = (peer.words)(found, &example)?;
    let mark = if matches!(example.load, Load::Corrected(_)) { CORRECTED } else { "" };
    let row = Row {
        who: format!("{}{mark}", peer.name),
        version: found.version.clone(),
        command: shown(&found.program, &words),
        figures: Vec::new(),
        note: peer.note.to_owned(),
    };
    let found = found.clone();
    let measure = move |bench: &Bench, ask: &Ask| {
        let words = (peer.words)(&found, ask).ok_or("it cannot do this")?;
        let ended = run(bench, &found.program, &words, ask.seconds)?;
        if !ended.ok {
            return Err(format!("it failed: {}", ended.stderr));
        }
        Ok(Outcome { reported: (peer.read)(&ended.stdout), ended, planned_ns: None })
    };
    Some(Contestant { row, load: example.load, measure: Box::new(measure) })
}

/// For commands that are shown: the port is another in each measurement.
fn example(load: Load, seconds: u32) -> Ask {
    Ask { target: std::net::SocketAddr::from(([127, 0, 0, 1], 8080)), seconds, load }
}

impl Contestant {
    /// Measures it once.
    ///
    /// # Errors
    /// A sentence: it failed.
    pub fn measure(&self, bench: &Bench, ask: &Ask) -> Result<Outcome, String> {
        (self.measure)(bench, ask)
    }

    /// Adds a sample to a figure of its row.
    pub fn add(&mut self, column: &str, sample: f64) {
        add(&mut self.row, column, sample);
    }
}

/// Adds a sample to a figure of a row; a column not yet there is added.
pub fn add(row: &mut Row, column: &str, sample: f64) {
    match row.figures.iter_mut().find(|f| f.column == column) {
        Some(figure) => figure.samples.push(sample),
        None => row.figures.push(Figure::of(column, vec![sample])),
    }
}

/// The median of a figure of a row.
pub fn median(rows: &[Row], who: &str, column: &str) -> Option<f64> {
    rows.iter().find(|r| r.who == who)?.figures.iter().find(|f| f.column == column)?.median()
}

/// Measures everybody once a round, in turn; `one` measures and adds the figures. Whoever fails is told in the row's note
/// and not asked again.
pub fn rounds(
    bench: &Bench,
    all: &mut [Contestant],
    mut one: impl FnMut(&Bench, &mut Contestant) -> Result<(), String>,
) {
    let mut failed = vec![false; all.len()];
    for round in 0..bench.rounds {
        for (contestant, failed) in all.iter_mut().zip(&mut failed).filter(|(_, failed)| !**failed) {
            bench.say(&format!("round {} of {}: {}", round + 1, bench.rounds, contestant.row.who));
            if let Err(sentence) = one(bench, contestant) {
                bench.say(&sentence);
                *failed = true;
                contestant.row.note =
                    format!("{}; stopped in round {}: {sentence}", contestant.row.note, round + 1);
            }
        }
    }
}
