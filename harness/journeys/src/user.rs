//! What a user does between two think times: begin a session when there is none, then one thing, which is a single question
//! or a whole journey. Called by goose; questions go over the user's own connection and are told to the recorder.

use crate::Shared;
use crate::line::Line;
use goose::goose::GooseUser;
use harness::clock::wall_now;
use harness::plan::Arrival;
use harness::recorder::{Outcome, Sample};
use harness::trips::{self, Trip, TripEnd};
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use scenarios::{AnswerView, Given, HandOver, RenderContext, STEPS_MAX, What};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// What a user keeps between questions.
struct Person {
    kind: usize,
    line: Line,
    choices: Xoshiro256PlusPlus,
    session_ends_ns: Option<u64>,
    free_since_ns: Option<u64>,
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

/// One question, before it is asked.
struct Question {
    interaction: usize,
    seq: u64,
    ordinal: u64,
    given: Given,
}

/// Does one thing, unless the run is over.
pub(crate) async fn act(shared: &Shared, goose_user: &mut GooseUser, kind: usize) {
    if goose_user.get_session_data::<Keeps>().is_none() {
        let number = goose_user.weighted_users_index;
        let seed = shared.scenario.seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let choices = Xoshiro256PlusPlus::seed_from_u64(seed);
        let line = Line::new(number);
        let person = Person { kind, line, choices, session_ends_ns: None, free_since_ns: None };
        goose_user.set_session_data(Keeps(Arc::new(Mutex::new(person))));
    }
    let Some(Keeps(person)) = goose_user.get_session_data::<Keeps>() else { return };
    let mut person = person.lock().await;
    person.begin_session(shared).await;
    person.one_thing(shared).await;
    person.free_since_ns = Some(shared.clock.now_ns());
}

impl Person {
    async fn begin_session(&mut self, shared: &Shared) {
        let users = &shared.scenario.load.users[self.kind];
        let now_ns = shared.clock.now_ns();
        if let Some(since_ns) = self.free_since_ns.take() {
            shared.book().users[self.kind].thought(now_ns.saturating_sub(since_ns));
        }
        let Some(phase) = shared.phase_at(now_ns) else { return };
        if self.session_ends_ns.is_some_and(|ends_ns| now_ns < ends_ns) {
            return;
        }
        let as_run = |session| now_ns.saturating_add(shared.scenario.phases[phase].as_run_ns(session));
        self.session_ends_ns = Some(users.session.map_or(u64::MAX, as_run));
        if shared.scenario.phases[phase].measured {
            shared.book().users[self.kind].sessions += 1;
        }
        for interaction in users.begins.clone() {
            let question = shared.book().question(interaction, Given::default());
            self.ask(shared, &question, None).await;
        }
    }

    async fn one_thing(&mut self, shared: &Shared) {
        let cumulative = &shared.does[self.kind];
        let u = (self.choices.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let at = cumulative.partition_point(|(c, _)| *c <= u).min(cumulative.len().saturating_sub(1));
        let Some((_, what)) = cumulative.get(at).copied() else { return };
        match what {
            What::Single(interaction) => {
                let question = shared.book().question(interaction, Given::default());
                self.ask(shared, &question, None).await;
            }
            What::Journey(journey) => self.journey(shared, journey).await,
        }
    }

    async fn journey(&mut self, shared: &Shared, journey: usize) {
        let now_ns = shared.clock.now_ns();
        let Some(phase) = shared.phase_at(now_ns) else { return };
        let steps = &shared.scenario.journeys[journey].steps;
        let mut ordinals = [0; STEPS_MAX];
        let seq = {
            let mut book = shared.book();
            for (ordinal, step) in ordinals.iter_mut().zip(steps) {
                *ordinal = book.next_ordinal(step.interaction);
            }
            book.next_seq()
        };
        let interaction = steps[0].interaction;
        let (journey, given) = (Some(journey), Given::default());
        let arrival = Arrival { planned_ns: now_ns, seq, interaction, phase, journey, ordinals, given };
        let Some(mut trip) = Trip::of(&arrival, &shared.population) else { return };
        let end = loop {
            let question = Question {
                interaction: trip.now(&shared.scenario).interaction,
                seq: trip.seq(),
                ordinal: trip.ordinal(),
                given: trip.given,
            };
            match self.ask(shared, &question, Some(&mut trip)).await {
                End::Over => break TripEnd::Unfinished,
                End::NothingToTake if trip.step > 0 => break TripEnd::EndedEarly,
                End::NothingToTake | End::Failed => break TripEnd::Failed,
                End::Answered { done_ns } => {
                    if !trip.go_on(&shared.scenario) {
                        break TripEnd::Completed { done_ns };
                    }
                }
            }
            let pause = shared.scenario.phases[phase].as_run_ns(trip.now(&shared.scenario).pause);
            tokio::time::sleep(Duration::from_nanos(pause)).await;
        };
        let measured = shared.scenario.phases[phase].measured;
        shared.book().recorder.trips.ended(&trip, end, measured);
    }

    async fn ask(&mut self, shared: &Shared, question: &Question, mut trip: Option<&mut Trip>) -> End {
        shared.in_flight.fetch_add(1, Ordering::SeqCst);
        let _in_flight = InFlight(shared);
        let planned_ns = shared.clock.now_ns();
        let index = question.interaction;
        let Some(phase) = shared.phase_at(planned_ns) else { return End::Over };
        if shared.closing.load(Ordering::SeqCst) {
            return End::Over;
        }
        let interaction = &shared.scenario.interactions[index];
        let later = trip.as_ref().is_some_and(|t| t.step > 0);
        let (taken, took_own) = {
            let mut book = shared.book();
            let taken = trips::take(trip.as_deref_mut(), &mut book.stages, index);
            if taken.is_ok() || !later {
                book.recorder.planned(phase, planned_ns);
            }
            match taken {
                Ok(taken) => taken,
                Err(reason) => {
                    if !later {
                        let (sent_ns, done_ns) = (planned_ns, planned_ns);
                        let sample = Sample { interaction: index, phase, planned_ns, sent_ns, done_ns };
                        book.recorder.finished(&sample, &Outcome::Dropped { reason });
                    }
                    return End::NothingToTake;
                }
            }
        };
        // Under mutual TLS a user speaks for the end point whose certificate their connection shows.
        let given = match shared.connector.identities() {
            None => question.given,
            Some(identities) => Given {
                endpoint: Some(identities.end_point_of(self.line.number())),
                organisation: Some(identities.organisation_of(self.line.number())),
                ..question.given
            },
        };
        let context = RenderContext {
            population: &shared.population,
            seed: shared.scenario.seed,
            seq: question.seq,
            ordinal: question.ordinal,
            taken: taken.as_ref(),
            given,
            now: wall_now(),
            host: &shared.host,
        };
        let mut left: Vec<HandOver> = Vec::new();
        let sent_ns = AtomicU64::new(planned_ns);
        let head = interaction.method() == "HEAD";
        let asked = match self.line.ready(&shared.connector) {
            Err(sentence) => Ok(Err(sentence)),
            Ok(opened) => {
                if opened {
                    shared.opened.fetch_add(1, Ordering::Relaxed);
                }
                let asking = self.line.ask(
                    head,
                    |out| interaction.render(&context, out),
                    || sent_ns.store(shared.clock.now_ns(), Ordering::Relaxed),
                    |parsed| {
                        let done_ns = shared.clock.now_ns();
                        let answer = AnswerView {
                            status: parsed.status,
                            headers: &parsed.headers,
                            body: &parsed.body,
                        };
                        let checked = interaction.check(&answer, &context, &mut left);
                        if checked.is_ok() {
                            let ledger = &mut shared.book().recorder.ledger;
                            ledger.note(&shared.scenario, index, &answer, &context, done_ns);
                        }
                        (done_ns, checked)
                    },
                );
                tokio::time::timeout(shared.scenario.load.timeout, asking).await
            }
        };
        if asked.is_err() {
            self.line.close();
        }
        let now_ns = shared.clock.now_ns();
        let done_ns =
            asked.as_ref().ok().and_then(|a| a.as_ref().ok()).map_or(now_ns, |(done_ns, _)| *done_ns);
        let sample = Sample { interaction: index, phase, planned_ns, sent_ns: sent_ns.into_inner(), done_ns };
        let mut book = shared.book();
        let book = &mut *book;
        let measured = shared.scenario.phases[phase].measured;
        let outcome = match &asked {
            Ok(Ok((_, Ok(())))) => Outcome::Answered,
            Ok(Ok((_, Err(fault)))) => Outcome::Failed {
                kind: fault.kind.name(),
                detail: &fault.detail,
                complete: true,
                timed: true,
            },
            Ok(Err(detail)) => Outcome::Failed { kind: "connection", detail, complete: false, timed: false },
            Err(_) => Outcome::Failed {
                kind: "timeout",
                detail: "no whole answer within the time allowed",
                complete: false,
                timed: true,
            },
        };
        book.recorder.finished(&sample, &outcome);
        let failed = outcome != Outcome::Answered;
        if measured {
            book.users[self.kind].requests += 1;
            book.users[self.kind].failed += u64::from(failed);
        }
        if failed {
            return End::Failed;
        }
        let kept = taken.filter(|_| interaction.keeps_taken()).map(|taken| (taken, took_own));
        trips::hand_over(trip, &mut book.stages, index, &mut left, kept);
        End::Answered { done_ns }
    }
}

/// How a question ended.
enum End {
    Answered {
        done_ns: u64,
    },
    Failed,
    NothingToTake,
    /// The run is over; nothing was asked.
    Over,
}

impl crate::Book {
    fn question(&mut self, interaction: usize, given: Given) -> Question {
        Question { interaction, seq: self.next_seq(), ordinal: self.next_ordinal(interaction), given }
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq - 1
    }

    fn next_ordinal(&mut self, interaction: usize) -> u64 {
        self.ordinals[interaction] += 1;
        self.ordinals[interaction] - 1
    }
}
