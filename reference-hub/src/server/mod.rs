//! The listener: sockets, I/O threads, and the way of a request from bytes to an [`crate::message::Answer`] and back.
//!
//! Called by `run`. Knows no interface by name: it routes over a slice of them, so that tests can bring their own.

mod account;
pub mod addresses;
pub mod admin;
mod admit;
pub mod blob_sweep;
pub mod framing;
pub mod openapi;
pub mod own_routes;
pub mod rate;
pub mod reply;
pub mod service;
pub mod socket;
pub mod status;
pub mod stream;
pub mod target;
pub mod tend;
pub mod threads;
mod transact;
pub mod upload;

#[cfg(test)]
mod tests;
