//! The listener: sockets, I/O threads, and the way of a request from bytes to an [`crate::message::Answer`] and back.
//!
//! Called by `run`. Knows no interface by name: it routes over a slice of them, so that tests can bring their own.

pub mod blob_sweep;
pub mod openapi;
pub mod reply;
pub mod service;
pub mod socket;
pub mod status;
pub mod target;
pub mod tend;
pub mod threads;
pub mod upload;

#[cfg(test)]
mod tests;
