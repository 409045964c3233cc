//! The reference hub: a durable server of the published NHS interfaces, and the system that Spinebench measures.
//!
//! Called by the `spinebench hub` command and by tests; knows nothing of the harness and must never treat its
//! requests differently from anyone's. [`run`] serves a data folder until it is stopped, [`verify`] checks one.
//!
//! Inside: `server` (sockets, requests, answers) routes to one folder an interface (`pds`, `eps`, `scr`, `sds`,
//! `mesh`, `oauth`, `cis`, `transfer`, `ers`, `ssp`, `nems`, `dbs`), whose decisions are pure; `committer` makes what they
//! write durable, `audit` tells of it, `view` is what they read, `hub` starts and stops it all. For the operator:
//! `metrics`, `log`, `inject`, `backup`.

pub mod answer_codec;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod blob_list;
pub mod certs;
pub mod cis;
pub mod clock;
pub mod committer;
pub mod counts;
pub mod dbs;
pub mod domain;
pub mod eps;
pub mod error;
pub mod ers;
pub mod fhir;
pub mod folder;
pub mod hub;
pub mod inject;
pub mod interfaces;
pub mod limits;
pub mod log;
pub mod mesh;
pub mod message;
pub mod metrics;
pub mod nems;
pub mod oauth;
pub mod operating;
pub mod operation;
pub mod pds;
pub mod scr;
pub mod sds;
pub mod security;
pub mod seed;
pub mod server;
mod slices;
pub mod ssp;
pub mod stop;
pub mod stores;
pub mod systems;
mod template;
pub mod timers;
pub mod tls;
pub mod transfer;
pub mod verify;
pub mod view;

pub use error::{EXIT_STORE_FAILED, HubError};
pub use hub::{HubConfig, HubSummary, Parts, run, run_with};
pub use security::{Security, TlsFiles};
pub use stop::StopHandle;
pub use stores::{STORES, StoreKind, store_kind};
pub use verify::verify;
