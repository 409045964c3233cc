//! The three rules by which seconds of waiting count. All three are always shown, because the choice between them is a
//! matter of opinion that a figure must not hide.

/// How a wait counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every second alike; UK appraisal practice (Fowkes 1996; MVA/ITS 1987).
    Linear,
    /// Only what exceeds one second, where a train of thought breaks (Nielsen 1993).
    Above1S,
    /// Nothing up to 0.1 s, every second in full from 10 s (Nielsen's limits), rising evenly between.
    Tapered,
}

/// Nielsen's limit under which a wait is not noticed, seconds.
pub(crate) const UNNOTICED_S: f64 = 0.1;
/// Nielsen's limit at which a train of thought breaks, seconds.
pub(crate) const THOUGHT_S: f64 = 1.0;
/// Nielsen's limit at which attention goes elsewhere, seconds.
pub(crate) const ATTENTION_S: f64 = 10.0;

impl Rule {
    /// All rules, in the order of the reports.
    pub const EACH: [Rule; 3] = [Rule::Linear, Rule::Above1S, Rule::Tapered];

    /// Its short word, for names, and how a wait counts, for readers.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Rule::Linear => ("linear", "every second alike"),
            Rule::Above1S => ("above_1s", "only above one second"),
            Rule::Tapered => ("tapered", "tapered from 0.1 s to 10 s"),
        }
    }

    /// The seconds that a wait of `wait_s` seconds counts for: `g` of the formula. Never negative, never more than the
    /// wait, and never less for a longer wait.
    pub fn counted_s(self, wait_s: f64) -> f64 {
        match self {
            Rule::Linear => wait_s,
            Rule::Above1S => (wait_s - THOUGHT_S).max(0.0),
            Rule::Tapered => {
                let weight = (wait_s - UNNOTICED_S) / (ATTENTION_S - UNNOTICED_S);
                wait_s * weight.clamp(0.0, 1.0)
            }
        }
    }
}
