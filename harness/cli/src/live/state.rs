//! What is known of a run at this moment, with a minute's memory for the small charts. Filled by the keeper's thread, read
//! by the terminal view and by the metrics; never draws, never reads a clock.

use super::usage::Used;
use harness::engine::Live;
use std::collections::VecDeque;

/// Seconds that the small charts look back.
pub(crate) const MEMORY_S: usize = 60;
/// Sentences that may wait to be shown; more than a screen of them is no news.
const SAID_MAX: usize = 100;

/// A run at one moment.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The scenario's title.
    pub(crate) title: String,
    /// The run's seed.
    pub(crate) seed: u64,
    /// The engine's newest look at itself.
    pub(crate) newest: Live,
    /// What the engine says besides, where it does.
    pub(crate) more: More,
    /// Processor and memory of hub and harness.
    pub(crate) used: Used,
    seconds: VecDeque<(u64, u64)>,
    newest_second: Option<u32>,
    said: VecDeque<String>,
}

/// What only some engines can say of a moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct More {
    /// Connections open.
    pub(crate) connections: Option<usize>,
    /// Journeys under way.
    pub(crate) journeys_under_way: Option<usize>,
    /// The plan's rate now, arrivals per second.
    pub(crate) planned_per_s: Option<f64>,
    /// Kind and detail of the newest failure, such as `status: got 503, allowed 200`.
    pub(crate) newest_error: Option<String>,
}

impl State {
    /// The state before anything was sent.
    pub(crate) fn new(title: &str, seed: u64) -> State {
        State { title: title.to_owned(), seed, ..State::default() }
    }

    /// Takes over a look of the engine at itself; a new phase is said.
    pub(crate) fn note(&mut self, live: &Live) {
        if let Some(second) = live.second.as_ref().filter(|s| self.newest_second != Some(s.second)) {
            self.newest_second = Some(second.second);
            self.seconds.push_back((second.answered, second.response_p99_ns));
            if self.seconds.len() > MEMORY_S {
                self.seconds.pop_front();
            }
        }
        if live.phase != self.newest.phase {
            self.say(&format!("{:>5.0} s  phase {}", live.at_s, live.phase));
        }
        // Journeys and connections are told by the open model's engine only.
        let open = live.connections > 0;
        self.more = More {
            connections: open.then_some(live.connections),
            journeys_under_way: open.then_some(live.journeys_under_way),
            planned_per_s: open.then_some(live.planned_per_s),
            newest_error: live.newest_error.clone(),
        };
        self.newest = live.clone();
    }

    /// Keeps a sentence to be shown. It may hold a server's words: what could steer a terminal becomes a space.
    pub(crate) fn say(&mut self, sentence: &str) {
        if self.said.len() == SAID_MAX {
            self.said.pop_front();
        }
        self.said.push_back(harmless(sentence));
    }

    /// Hands out the sentences that were not shown yet.
    pub(crate) fn take_said(&mut self) -> Vec<String> {
        self.said.drain(..).collect()
    }

    /// Answers a second of the last minute, oldest first.
    pub(crate) fn rates(&self) -> Vec<u64> {
        self.seconds.iter().map(|(answered, _)| *answered).collect()
    }

    /// 99th percentiles of response time of the last minute's seconds, nanoseconds, oldest first.
    pub(crate) fn p99s_ns(&self) -> Vec<u64> {
        self.seconds.iter().map(|(_, p99_ns)| *p99_ns).collect()
    }
}

/// Text without control characters.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::SecondRow;

    fn at(second: u32, answered: u64) -> Live {
        Live { second: Some(SecondRow { second, answered, ..SecondRow::default() }), ..Live::default() }
    }

    #[test]
    fn a_second_that_is_told_twice_counts_once_and_a_minute_is_kept() {
        let mut state = State::new("", 1);
        state.note(&at(0, 5));
        state.note(&at(0, 5));
        assert_eq!(state.rates(), [5]);
        for second in 1..200 {
            state.note(&at(second, u64::from(second)));
        }
        assert_eq!(state.rates().len(), MEMORY_S);
        assert_eq!(state.rates().last(), Some(&199));
    }

    #[test]
    fn sentences_are_bounded_and_cannot_steer_the_terminal() {
        let mut state = State::new("", 1);
        for i in 0..500 {
            state.say(&format!("{i} \u{1b}[2J\r\n"));
        }
        let said = state.take_said();
        assert_eq!(said.len(), SAID_MAX);
        assert!(said[99].starts_with("499 "), "{:?}", said[99]);
        assert!(said.iter().all(|s| !s.contains(char::is_control)));
        assert!(state.take_said().is_empty());
    }
}
