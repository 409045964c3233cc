//! The harness: asks and measures. From a checked scenario to a run record, open model.
//!
//! `plan` (pure) says what is due when; `engine` sends it over `client` connections and lets no answer delay it;
//! `recorder` counts and times how each arrival ended; `resources` watches both processes; `validity` (pure) says
//! whether the run may be believed; `run` ties them together. Called by the command line and by `journeys`. Never
//! imports the hub: the two share nothing but the published NHS interfaces.

pub mod child;
pub mod client;
pub mod clock;
pub mod engine;
pub mod floor;
pub mod limit;
pub mod plan;
pub mod recorder;
pub mod resources;
pub mod run;
pub mod seconds;
pub mod stages;
pub mod status;
pub mod validity;
