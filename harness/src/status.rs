//! The hub's own word on what it answered: `GET /_status`, asked once before and once after a run.
//! A target that does not know the path is simply not a Spinebench hub.

use crate::client::connector::Connector;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// What a hub says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HubStatus {
    /// Which process answers: random, made anew at every start of a hub; absent in older hubs.
    pub instance: Option<String>,
    /// Answers given so far.
    pub answered: Answered,
    /// Its store engine.
    pub store: Option<String>,
    /// Median duration of an fsync on its data folder, nanoseconds.
    pub fsync_ns_p50: Option<u64>,
    /// What its start took to fill the store, seconds; absent when it was filled already.
    pub seed_s: Option<f64>,
}

/// The hub's counts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Answered {
    /// All of them.
    pub total: u64,
    /// By operation name.
    pub by_operation: BTreeMap<String, u64>,
}

/// Asks for the status; `None` when the target does not answer it as a Spinebench hub does.
pub fn ask(target: SocketAddr) -> Option<HubStatus> {
    ask_over(&Connector::new(target))
}

/// The same over TLS, when that is how the target is spoken to.
pub fn ask_over(connector: &Connector) -> Option<HubStatus> {
    match connector.get("/_status", PATIENCE) {
        Ok((200, body)) => serde_json::from_slice(&body).ok(),
        _ => None,
    }
}
