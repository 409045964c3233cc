//! A whole hub in this process, on a port of its own, asked over real sockets.
//!
//! `kit` starts hubs and speaks HTTP; `desk` is a small interface of the tests' own, so that these tests judge the
//! listener, the committer and start-up, and no published interface. `wire` holds the tests of requests and answers,
//! `life` those of start, stop and restart, `attack` and `slow` those of clients that mean harm, `secure` those of TLS
//! and of whose token opens what, `quiet` that nothing personal is logged, `operating` what an
//! operator does, `together` sends the real interfaces one request many times at once.

mod attack;
mod desk;
mod kit;
mod life;
mod operating;
mod quiet;
mod secure;
mod slow;
mod together;
mod wire;
