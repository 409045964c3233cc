//! Side by side with the best: this machine's floors, other load generators and other servers, and the product between
//! them, measured in turns in one run, so that every figure is a ratio of things that met the same machine.
//!
//! Called by the `spinebench-peers` command; nobody else. Never part of the product: it starts other people's programs,
//! on loopback only, bounded in count and time.

pub mod bench;
pub mod command;
pub mod comparisons;
pub mod floors;
pub mod generators;
pub mod host;
pub mod hubs;
pub mod install;
pub mod known_server;
pub mod pinned;
pub mod programs;
pub mod server;
pub mod table;
