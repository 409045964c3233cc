//! Whose fault it is that a run may not be believed: the system's own, or nobody's. Pure; called for each trial of a gate. What
//! blames nobody must not know which build is which.

use run_record::Validity;

/// How the reasons begin that a hub gives by the way it ends.
pub const AT_THE_END: &str = "At the end of the run";

/// Beginnings of the reasons that are the system's own doing.
const OWN: [&str; 3] = [AT_THE_END, "The hub's process ended during the run", "The hub counted"];

/// The reason for which the system itself made the run invalid; nothing when it is valid, or the machine or the generator was
/// at fault.
pub fn own_fault(validity: &Validity) -> Option<&str> {
    let own = |reason: &&String| OWN.iter().any(|beginning| reason.starts_with(beginning));
    validity.reasons.iter().find(own).filter(|_| !validity.valid).map(String::as_str)
}
