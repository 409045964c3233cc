//! Scenarios: what is asked of a hub, how much of it, and what a good answer is. Reads a scenario file with its mix and
//! interactions, reports every fault at once, and gives the harness compiled requests to render and answers to check.
//! Called by `harness`, `journeys` and the command line. It opens no connection and never reads a clock.

mod built_in;
mod check;
mod document;
mod draw;
mod explain;
mod fault;
mod inputs;
mod interaction;
mod library;
mod load;
mod mesh_token;
mod mix;
mod nhs_guard;
mod place;
mod pointer;
mod prose;
mod read_budgets;
mod read_events;
mod read_interaction;
mod read_journeys;
mod read_load;
mod read_phases;
mod read_scenario;
mod render;
mod scenario;
mod signature;
mod signed_form;
mod stage;
mod target;
mod template;
mod time;
mod units;
mod uses;
mod variable;

pub use check::{AnswerView, CheckContext, CheckFault, CheckKind};
pub use explain::{
    Curve, EventExpected, Explanation, InteractionExpected, ItemExpected, JourneyExpected, Needs,
    PhaseExpected, UsersExpected, explain, open_files,
};
pub use fault::{Fault, Faults};
pub use inputs::{Given, RenderContext};
pub use interaction::Interaction;
pub use load::{Changes, load, load_with};
pub use mix::{Item, Mix, MixRow, NotReplayed, What};
pub use scenario::{
    Action, Arrivals, Budget, CONNECTIONS, Event, InteractionId, Journey, Load, Model, Phase, Piece, Rate,
    RunLimits, STEPS_MAX, Scenario, Step, TraceRef, Users,
};
pub use stage::{HandOver, STAGES, Stage, backlog};
pub use target::Target;
pub use units::{duration_text, parse_duration, parse_percent, parse_rate};
pub use variable::{VARIABLES, VariableHelp};
