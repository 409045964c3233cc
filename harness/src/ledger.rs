//! The ledger: every write that the system under test acknowledged, with what is needed to look it up again.
//!
//! Called by the engine for each good answer, and by `lookup` after the run. It is kept only when the scenario does
//! something to the system under test; else a note costs one test of a flag. Bounded: with more than [`ENTRIES_MAX`] every
//! second, fourth, eighth, ... write is kept and the others are counted. Never asks anything itself.

use scenarios::{AnswerView, HandOver, RenderContext, Scenario};

/// Writes kept to be looked up. 200,000: an hour of crash tests at 50 writes a second, some 350 bytes each, 70 MB in all;
/// looked up in a minute.
pub const ENTRIES_MAX: usize = 200_000;

/// A write that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Index of the interaction.
    pub interaction: usize,
    /// Number of its arrival.
    pub seq: u64,
    /// When its answer was whole, nanoseconds from the start of the plan.
    pub at_ns: u64,
    /// What its proof needs.
    pub kept: HandOver,
}

/// What is known of the writes of one interaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// All of them.
    pub count: u64,
    /// Of those, answered in a way that lacks what their proof needs.
    pub unkept: u64,
}

/// All writes that were acknowledged.
#[derive(Debug, Clone)]
pub struct Ledger {
    kept: bool,
    most: usize,
    acknowledged: Vec<Acknowledged>,
    entries: Vec<Entry>,
    /// One write of so many is kept; a power of two.
    every: u64,
    provable: u64,
}

impl Default for Ledger {
    /// One that stays empty.
    fn default() -> Self {
        Self::bounded(false, 0, ENTRIES_MAX)
    }
}

impl Ledger {
    /// The ledger of a run; an empty one that stays so when the scenario has no events.
    pub fn new(scenario: &Scenario) -> Self {
        Self::bounded(!scenario.events.is_empty(), scenario.interactions.len(), ENTRIES_MAX)
    }

    fn bounded(kept: bool, interactions: usize, most: usize) -> Self {
        let acknowledged = vec![Acknowledged::default(); interactions];
        Ledger { kept, most, acknowledged, entries: Vec::new(), every: 1, provable: 0 }
    }

    /// Notes a good answer, whole at `at_ns`, to the request that was rendered with `cx`. Answers to what only reads are
    /// passed over.
    pub fn note(
        &mut self,
        scenario: &Scenario,
        interaction: usize,
        answer: &AnswerView<'_>,
        cx: &RenderContext<'_>,
        at_ns: u64,
    ) {
        if !self.kept || !scenario.interactions[interaction].writes() {
            return;
        }
        self.acknowledged[interaction].count += 1;
        match scenario.interactions[interaction].keep(answer, cx) {
            Some(Ok(kept)) => self.enter(Entry { interaction, seq: cx.seq, at_ns, kept }),
            Some(Err(_)) => self.acknowledged[interaction].unkept += 1,
            None => {}
        }
    }

    fn enter(&mut self, entry: Entry) {
        let nth = self.provable;
        self.provable += 1;
        if !nth.is_multiple_of(self.every) {
            return;
        }
        if self.entries.len() == self.most {
            self.thin();
            if !nth.is_multiple_of(self.every) {
                return;
            }
        }
        self.entries.push(entry);
    }

    /// Keeps every second one of those kept so far.
    fn thin(&mut self) {
        let mut nth = 0;
        self.entries.retain(|_| {
            nth += 1;
            nth % 2 == 1
        });
        self.every *= 2;
    }

    /// Takes in what another sender of the same run noted.
    pub fn merge(&mut self, mut other: Ledger) {
        for (mine, others) in self.acknowledged.iter_mut().zip(&other.acknowledged) {
            mine.count += others.count;
            mine.unkept += others.unkept;
        }
        self.provable += other.provable;
        while self.every < other.every {
            self.thin();
        }
        while other.every < self.every {
            other.thin();
        }
        self.entries.append(&mut other.entries);
        while self.entries.len() > self.most {
            self.thin();
        }
    }

    /// Writes acknowledged, per interaction.
    pub fn acknowledged(&self) -> &[Acknowledged] {
        &self.acknowledged
    }

    /// What is to be looked up.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One write of so many stands in [`Ledger::entries`].
    pub fn every(&self) -> u64 {
        self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64) -> Entry {
        Entry { interaction: 0, seq, at_ns: seq, kept: HandOver::default() }
    }

    fn of(count: u64, most: usize) -> Ledger {
        let mut ledger = Ledger::bounded(true, 1, most);
        (0..count).for_each(|seq| ledger.enter(entry(seq)));
        ledger
    }

    fn seqs(ledger: &Ledger) -> Vec<u64> {
        ledger.entries().iter().map(|e| e.seq).collect()
    }

    #[test]
    fn up_to_the_bound_all_are_kept_and_beyond_it_every_second_fourth_eighth() {
        assert_eq!((seqs(&of(8, 8)), of(8, 8).every()), ((0..8).collect(), 1));
        assert_eq!((seqs(&of(9, 8)), of(9, 8).every()), (vec![0, 2, 4, 6, 8], 2));
        assert_eq!((seqs(&of(40, 8)), of(40, 8).every()), (vec![0, 8, 16, 24, 32], 8));
        for count in 0..500 {
            let ledger = of(count, 8);
            assert!(
                ledger.entries().len() <= 8
                    && (count == 0 || ledger.entries().len() * 2 >= count.min(8) as usize)
            );
            assert!(seqs(&ledger).iter().all(|s| s.is_multiple_of(ledger.every())), "{count}");
        }
    }

    #[test]
    fn what_two_senders_noted_is_joined_at_one_rate() {
        let (mut one, two) = (of(5, 8), of(20, 8));
        one.acknowledged[0].count = 5;
        let mut joined = two.clone();
        joined.acknowledged[0] = Acknowledged { count: 20, unkept: 1 };
        joined.merge(one.clone());
        assert_eq!((joined.every(), seqs(&joined)), (4, vec![0, 4, 8, 12, 16, 0, 4]));
        assert_eq!(joined.acknowledged(), [Acknowledged { count: 25, unkept: 1 }]);
        one.merge(of(5, 8));
        assert_eq!((one.every(), one.entries().len()), (2, 5));
    }

    #[test]
    fn without_events_nothing_is_kept() {
        let scenario = crate::lookup::tests::scenario("");
        let mut ledger = Ledger::new(&scenario);
        let population = crate::run::population_of(&scenario).expect("possible");
        let cx = crate::lookup::tests::context(&population, 0, None);
        let answer = AnswerView { status: 202, headers: &[], body: br#"{"message_id":"m1"}"# };
        ledger.note(&scenario, 0, &answer, &cx, 1);
        assert_eq!((ledger.entries().len(), ledger.acknowledged()[0].count), (0, 0));
    }
}
