//! The listener: sockets, I/O threads, and the way of a request from bytes to an [`crate::message::Answer`] and back.
//!
//! Called by `run`. Knows no interface by name: it routes over a slice of them, so that tests can bring their own.

mod account;
pub mod admin;
pub mod openapi;
pub mod own_routes;
pub mod reply;
pub mod service;
pub mod socket;
pub mod status;
pub mod target;
pub mod tend;
pub mod threads;
mod transact;
pub mod upload;

#[cfg(test)]
mod tests;
