//! The HTTP/1.1 client the measuring stands on: an answer parser without I/O (`response`) and one keep-alive
//! connection (`connection`). Purpose-built, because a general client would cost more than half of the CPU the
//! generator is allowed (DESIGN section 8).

pub mod connection;
pub mod connector;
pub mod response;
