//! The beginning of a run, the same for both models: is anybody there, what does the machine cost before anything is asked,
//! what does the hub say of itself. Called by `run` and by `journeys`; what it gives goes into the record at the end.

use crate::clock::{process_cpu_s, wall_now};
use crate::floor::{self, Timers};
use crate::resources::Watch;
use crate::run::{RunError, Setting, unreachable_sentence};
use crate::status::{self, HubStatus};

/// What is known before the first arrival, and the watch that has begun.
pub struct Begun {
    /// Wall time of the start.
    pub started: jiff::Timestamp,
    /// The null client's floor.
    pub floor: Option<run_record::Floor>,
    /// How exact the machine's timers are.
    pub timers: Option<Timers>,
    /// The hub's status before.
    pub hub: Option<HubStatus>,
    /// The resource watch, running.
    pub watch: Watch,
    /// CPU of this process before the run, seconds.
    pub cpu_s: f64,
}

impl Begun {
    /// Begins a run.
    ///
    /// # Errors
    /// [`RunError::Unreachable`] in one sentence and at once when nobody is there.
    pub fn new(setting: &Setting<'_>) -> Result<Self, RunError> {
        let connector = &setting.connector;
        drop(connector.open(0).map_err(|e| unreachable_sentence(connector.target(), &e))?);
        let started = wall_now();
        let floor = floor::measure();
        let timers = floor::timers();
        let hub = status::ask_over(connector);
        let watch = Watch::start(&setting.hub_pid);
        Ok(Begun { started, floor, timers, hub, watch, cpu_s: process_cpu_s() })
    }
}
