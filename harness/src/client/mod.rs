//! The HTTP/1.1 client the measuring stands on: an answer parser without I/O (`response`), one keep-alive connection
//! (`connection`) with TLS where the target wants it (`tls`), where and as whom connections are opened (`connector`,
//! `identity`), opening many of them at a measured pace (`opening`), and a single request that is waited for (`once`). Purpose-built, because a general client
//! would cost more than half of the CPU the generator is allowed (DESIGN section 8).

pub mod connection;
pub mod connector;
pub mod identity;
pub(crate) mod once;
pub mod opening;
pub mod response;
mod tls;
