//! When requests were answered well, in slots of ten milliseconds, so that an outage of a fraction of a second can be told.
//!
//! Noted by the recorder for every good answer, read by `resilience`. One bit a slot: 45 KB for an hour. Never reads a
//! clock.

/// Length of a slot: short against any restart, long against the spacing of answers at the rates that are measured.
pub const SLOT_NS: u64 = 10_000_000;

/// The slots in which at least one request was answered well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoodSlots {
    bits: Vec<u64>,
}

impl GoodSlots {
    /// Notes a good answer that was whole at `done_ns` from the start of the plan.
    pub fn note(&mut self, done_ns: u64) {
        let slot = done_ns / SLOT_NS;
        let at = (slot / 64) as usize;
        if at >= self.bits.len() {
            self.bits.resize(at + 1, 0);
        }
        self.bits[at] |= 1 << (slot % 64);
    }

    /// Takes in what another sender noted.
    pub fn merge(&mut self, other: &GoodSlots) {
        if self.bits.len() < other.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        for (mine, others) in self.bits.iter_mut().zip(&other.bits) {
            *mine |= others;
        }
    }

    fn good(&self, slot: u64) -> bool {
        self.bits.get((slot / 64) as usize).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Stretches of whole slots without a good answer from `from_ns` to `to_ns`: begin and end of each, in nanoseconds.
    pub fn gaps(&self, from_ns: u64, to_ns: u64) -> Vec<(u64, u64)> {
        let mut gaps: Vec<(u64, u64)> = Vec::new();
        for slot in from_ns.div_ceil(SLOT_NS)..to_ns / SLOT_NS {
            let (begin, end) = (slot * SLOT_NS, (slot + 1) * SLOT_NS);
            match gaps.last_mut().filter(|gap| gap.1 == begin) {
                _ if self.good(slot) => {}
                Some(gap) => gap.1 = end,
                None => gaps.push((begin, end)),
            }
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_the_whole_slots_between_good_answers() {
        let ms = 1_000_000;
        let mut slots = GoodSlots::default();
        for at in [0, 5, 12, 300, 301, 999, 1_500] {
            slots.note(at * ms);
        }
        let gaps = slots.gaps(0, 1_000 * ms);
        assert_eq!(gaps, [(20 * ms, 300 * ms), (310 * ms, 990 * ms)]);
        assert_eq!(slots.gaps(25 * ms, 318 * ms), [(30 * ms, 300 * ms)]);
        assert_eq!(slots.gaps(1_510 * ms, 1_530 * ms), [(1_510 * ms, 1_530 * ms)], "after the last answer");
    }

    #[test]
    fn what_two_senders_noted_is_joined() {
        let (mut one, mut two) = (GoodSlots::default(), GoodSlots::default());
        one.note(0);
        two.note(SLOT_NS * 2);
        two.note(SLOT_NS * 200);
        one.merge(&two);
        assert_eq!(one.gaps(0, SLOT_NS * 4), [(SLOT_NS, SLOT_NS * 2), (SLOT_NS * 3, SLOT_NS * 4)]);
        assert_eq!(one.gaps(SLOT_NS * 199, SLOT_NS * 201), [(SLOT_NS * 199, SLOT_NS * 200)]);
    }
}
