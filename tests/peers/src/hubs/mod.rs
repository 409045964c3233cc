//! Comparisons of servers: the reference hub beside this machine's floor, PostgreSQL and NHS England's MESH sandbox, and
//! beside itself with more people and more connections. Each file is one comparison; here is what they share.
//!
//! Called by the list of comparisons. Every server is a process of its own, asked by one and the same client.

pub mod connections;
pub mod drive;
pub mod durable_writes;
pub mod mesh_trips;
pub mod one_core_limit;
pub mod pds_retrieve;
pub mod people;
mod postgres;
pub mod report;
mod requests;
mod seeded;

use crate::bench::Bench;
use crate::pinned::look;
use crate::table::{Figure, Row};
use drive::{Driven, Work, drive};
use std::net::SocketAddr;

/// The column that comes first: the steadiest figure on a machine that is shared.
const CPU: &str = "server CPU us/request";
/// Answers a second.
const PER_S: &str = "requests/s";
/// Median from request to answer.
const P50: &str = "p50 ms";
/// 99th percentile from request to answer.
const P99: &str = "p99 ms";
/// What the client took for itself.
const CLIENT_CPU: &str = "client CPU us/request";

/// A row without figures yet.
fn row(who: &str, version: &str, command: String) -> Row {
    let (who, version) = (who.to_owned(), version.to_owned());
    Row { who, version, command, figures: Vec::new(), note: String::new() }
}

/// Adds one round's sample to a row.
fn sample(row: &mut Row, column: &str, value: f64) {
    match row.figures.iter_mut().find(|f| f.column == column) {
        Some(figure) => figure.samples.push(value),
        None => row.figures.push(Figure::of(column, vec![value])),
    }
}

/// The median of a column of a row; `NaN`, which no target holds against, when it was not measured.
fn median(row: &Row, column: &str) -> f64 {
    row.figures.iter().find(|f| f.column == column).and_then(Figure::median).unwrap_or(f64::NAN)
}

/// Drives a server and reads its CPU time before and after, in microseconds per unit.
///
/// # Errors
/// One sentence: the server is gone, or what it answered was not wanted.
fn measure(
    server: (u32, SocketAddr),
    lines: usize,
    seconds: f64,
    cores: &[usize],
    work: &mut dyn Work,
) -> Result<(Driven, f64), String> {
    let (pid, address) = server;
    let cpu_s = || look(pid).map(|l| l.cpu_s).ok_or_else(|| "the server's process is gone".to_owned());
    let before = cpu_s()?;
    let driven = drive(address, lines, seconds, cores, work)?;
    let us = (cpu_s()? - before) * 1e6 / driven.units.max(1) as f64;
    Ok((driven, us))
}

/// The usual samples of one measurement.
fn sample_all(row: &mut Row, (driven, cpu_us): &(Driven, f64)) {
    sample(row, CPU, *cpu_us);
    sample(row, PER_S, driven.per_s());
    sample(row, P50, driven.quantile_ms(0.5));
    sample(row, P99, driven.quantile_ms(0.99));
    sample(row, CLIENT_CPU, driven.client_us);
}

/// Both cores of a comparison in which server and client share the machine.
fn both(bench: &Bench) -> Vec<usize> {
    vec![bench.server_core, bench.client_core]
}

/// `bench.seconds` apart, the time before a measurement that lets caches fill, seconds.
fn warm_s(bench: &Bench) -> f64 {
    (bench.seconds / 4.0).min(1.0)
}
