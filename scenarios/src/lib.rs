//! Scenarios: what is asked of a hub, how much of it, and what a good answer is. Reads a scenario file with its mix and
//! interactions, reports every fault at once, and gives the harness compiled requests to render and answers to check.
//! Called by `harness`, `journeys` and the command line. It opens no connection and never reads a clock.

mod budget_file;
mod built_in;
mod certificates;
mod change;
mod check;
mod credentials;
mod document;
mod draw;
mod explain;
mod fault;
mod forbidden_hosts;
mod inputs;
mod interaction;
mod library;
mod load;
mod masking;
mod memory;
mod mesh_token;
mod mix;
mod nhs_guard;
mod place;
mod pointer;
mod profile;
mod proof;
mod prose;
mod read_budgets;
mod read_credentials;
mod read_events;
mod read_interaction;
mod read_journeys;
mod read_load;
mod read_parts;
mod read_phases;
mod read_proof;
mod read_scenario;
mod read_shape;
mod read_users;
mod render;
mod scenario;
mod shape;
mod signature;
mod signed_form;
mod stage;
mod target;
mod template;
mod time;
mod trace;
mod units;
mod uses;
mod variable;

#[doc(hidden)]
pub use budget_file::budget_keys_asked;
pub use budget_file::{
    Baseline, BudgetFile, GateSettings, Policy, Relative, load_budget_file, load_budget_file_for,
};
pub use certificates::{Certificates, KeySource, Shown, Tls};
pub use check::{AnswerView, CheckContext, CheckFault, CheckKind};
pub use credentials::{Credentials, Secret, SecretCell, SignedJwt, TokenServer};
pub use explain::{
    Curve, EventExpected, Explanation, InteractionExpected, ItemExpected, JourneyExpected, Needs,
    PhaseExpected, UsersExpected, explain, open_files,
};
pub use fault::{Fault, Faults};
pub use inputs::{Given, RenderContext, Speaker};
pub use interaction::Interaction;
#[doc(hidden)]
pub use load::keys_asked;
pub use load::{Changes, load, load_watched, load_with};
pub use masking::Secrets;
#[doc(hidden)]
pub use memory::Memory;
pub use mix::{Item, Mix, MixRow, NotReplayed, What};
pub use proof::{Proof, Proven};
pub use prose::{Fill, Wire};
pub use scenario::{
    Action, Arrivals, Budget, CONNECTIONS, Event, InteractionId, Journey, Load, Model, PORTS_PER_SOURCE,
    Phase, Piece, Rate, RunLimits, STEPS_MAX, Scenario, Step, TraceRef, Users,
};
pub use stage::{HandOver, STAGES, Stage, backlog};
pub use target::Target;
pub use trace::{TraceReader, TraceRow};
pub use units::{duration_text, nanoseconds, parse_duration, parse_percent, parse_rate};
pub use variable::{VARIABLES, VariableHelp};
