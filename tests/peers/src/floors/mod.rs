//! What this machine cannot do better: an HTTP server that does nothing but echo, a client that does nothing but ask, a
//! file that is only written and synced. Every ratio to a limit is told against these, made in the same run.

pub mod client;
pub mod disk;
pub mod echo;
mod table;

pub use table::compare;
