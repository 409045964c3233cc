//! The harness: asks and measures. From a checked scenario to a run record, open model.
//!
//! `plan` (pure) says what is due when; `engine` sends it over `client` connections and lets no answer delay it;
//! `recorder` counts and times how each arrival ended; `resources` watches both processes; `validity` (pure) says
//! whether the run may be believed, from what `noise`, `schedule` and `steady` saw; `workers` runs the sending threads;
//! `run` ties them together and `finish` makes the record. Called by the command line and by `journeys`. Never imports the
//! hub: the two share nothing but the published NHS interfaces.

pub mod access_token;
pub mod begin;
pub mod child;
pub mod client;
pub mod clock;
pub mod disk;
pub mod engine;
pub mod finish;
pub mod floor;
pub mod gaps;
pub mod inject;
pub mod ledger;
pub mod limit;
pub mod lookup;
pub mod noise;
pub mod open_files;
pub mod plan;
pub mod recorder;
pub mod resilience;
pub mod resources;
pub mod run;
pub mod schedule;
pub mod seconds;
pub mod source;
pub mod stages;
pub mod status;
pub mod steady;
pub mod trips;
pub mod validity;
pub mod workers;
