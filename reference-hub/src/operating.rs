//! What a hub needs to be operated besides serving: measures, the access log, injection, backups. Made by start-up,
//! shared by all threads through [`crate::server::service::Hub`].

use crate::backup::Backups;
use crate::inject::Injector;
use crate::log::access::AccessLog;
use crate::metrics::Metrics;

/// The operator's part of a hub.
pub struct Operating {
    /// What is measured besides answers and commits.
    pub metrics: Metrics,
    /// A line for every answer, if wanted.
    pub access: AccessLog,
    /// Bad days on purpose.
    pub inject: Injector,
    /// Backups of this hub while it runs.
    pub backups: Backups,
    /// The admin addresses answer callers on this machine (the sandbox's always do).
    pub admin: bool,
}
