//! One question of one user: choose an interaction, ask it over the user's own connection, tell the recorder.
//! Called by goose for each user between two think times.

use crate::Shared;
use crate::line::{Ask, Line};
use goose::goose::GooseUser;
use harness::clock::wall_now;
use harness::recorder::{Outcome, Sample};
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use scenarios::{AnswerView, HandOver, RenderContext};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Mutex;

/// What a user keeps between questions.
pub(crate) struct Person {
    line: Line,
    choices: Xoshiro256PlusPlus,
    request: Vec<u8>,
}

/// Goose asks that what it keeps can be cloned; a user's connection cannot, so it is shared with nobody.
#[derive(Clone)]
struct Keeps(Arc<Mutex<Person>>);

/// Counts a question as in flight for as long as it lives, however it ends.
struct InFlight<'a>(&'a Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Asks one question, unless the run is over.
pub(crate) async fn ask(shared: &Shared, goose_user: &mut GooseUser) {
    if goose_user.get_session_data::<Keeps>().is_none() {
        let seed = shared.scenario.seed
            ^ (goose_user.weighted_users_index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let choices = Xoshiro256PlusPlus::seed_from_u64(seed);
        let person = Person { line: Line::default(), choices, request: Vec::new() };
        goose_user.set_session_data(Keeps(Arc::new(Mutex::new(person))));
    }
    let Some(Keeps(person)) = goose_user.get_session_data::<Keeps>() else { return };
    let mut person = person.lock().await;
    let person = &mut *person;
    shared.in_flight.fetch_add(1, Ordering::SeqCst);
    let _in_flight = InFlight(shared);
    let planned_ns = shared.clock.now_ns();
    let Some(phase) = shared.phase_at(planned_ns) else { return };
    if shared.closing.load(Ordering::SeqCst) {
        return;
    }
    let u = (person.choices.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let at = shared.cumulative.partition_point(|(c, _)| *c <= u).min(shared.cumulative.len() - 1);
    let index = shared.cumulative[at].1;
    let interaction = &shared.scenario.interactions[index];
    let (seq, ordinal, taken) = {
        let mut book = shared.book();
        book.recorder.planned(phase, planned_ns);
        let (seq, ordinal) = (book.seq, book.ordinals[index]);
        book.seq += 1;
        book.ordinals[index] += 1;
        match book.stages.take(index) {
            Ok(taken) => (seq, ordinal, taken),
            Err(reason) => {
                let sample = Sample {
                    interaction: index,
                    phase,
                    planned_ns,
                    sent_ns: planned_ns,
                    done_ns: planned_ns,
                };
                book.recorder.finished(&sample, &Outcome::Dropped { reason });
                return;
            }
        }
    };
    let context = RenderContext {
        population: &shared.population,
        seed: shared.scenario.seed,
        seq,
        ordinal,
        taken: taken.as_ref(),
        given: scenarios::Given::default(),
        now: wall_now(),
        host: &shared.host,
    };
    person.request.clear();
    interaction.render(&context, &mut person.request);
    let sent_ns = shared.clock.now_ns();
    let head = interaction.method() == "HEAD";
    let asked = tokio::time::timeout(
        shared.scenario.load.timeout,
        person.line.ask(shared.target, &person.request, head),
    )
    .await;
    let mut left: Vec<HandOver> = Vec::new();
    let (end, done_ns) = match asked {
        Err(_) => {
            person.line.close();
            (
                Ended::Failed {
                    kind: "timeout",
                    detail: "no whole answer within the time allowed".into(),
                    complete: false,
                    timed: true,
                },
                shared.clock.now_ns(),
            )
        }
        Ok(Ask::Broken(detail)) => (
            Ended::Failed { kind: "connection", detail, complete: false, timed: false },
            shared.clock.now_ns(),
        ),
        Ok(Ask::Answered) => {
            let done_ns = shared.clock.now_ns();
            let end = person.line.with_answer(head, |parsed| {
                let answer =
                    AnswerView { status: parsed.status, headers: &parsed.headers, body: &parsed.body };
                match interaction.check(&answer, &context, &mut left) {
                    Ok(()) => Ended::Answered,
                    Err(fault) => Ended::Failed {
                        kind: fault.kind.name(),
                        detail: fault.detail,
                        complete: true,
                        timed: true,
                    },
                }
            });
            (end, done_ns)
        }
    };
    let sample = Sample { interaction: index, phase, planned_ns, sent_ns, done_ns };
    let mut book = shared.book();
    match &end {
        Ended::Answered => {
            book.recorder.finished(&sample, &Outcome::Answered);
            book.stages.put(index, left.drain(..));
            if interaction.keeps_taken()
                && let Some(taken) = taken
            {
                book.stages.put_back(index, taken);
            }
        }
        Ended::Failed { kind, detail, complete, timed } => {
            let outcome = Outcome::Failed { kind, detail, complete: *complete, timed: *timed };
            book.recorder.finished(&sample, &outcome);
        }
    }
}

enum Ended {
    Answered,
    Failed { kind: &'static str, detail: String, complete: bool, timed: bool },
}
