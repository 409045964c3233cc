//! Gives a running hub other rules of injected faults: `PUT /_admin/inject`, which the reference hub answers to callers on
//! its own machine when it was started with `--admin`.
//!
//! Called by the command line when a scenario's event says so. The hub counts no such request, and neither do we.

use crate::client::connection::{Connection, READ_BYTES};
use crate::lookup::exchange;
use std::io;

/// The word that ends all injection.
const OFF: &str = "off";
/// Characters of a refusal that are shown.
const SHOWN_MAX: usize = 200;

/// Puts `rules` in force, or with `off` none.
///
/// # Errors
/// One sentence: no connection, or the hub's own refusal.
pub fn put(open: impl FnOnce() -> io::Result<Connection>, host: &str, rules: &str) -> Result<(), String> {
    let rules = if rules.trim() == OFF { "" } else { rules };
    let mut connection = open().map_err(|e| format!("the hub could not be told to inject faults: {e}"))?;
    let request = format!(
        "PUT /_admin/inject HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{rules}",
        rules.len()
    );
    connection.request().extend_from_slice(request.as_bytes());
    let said = |body: &[u8]| String::from_utf8_lossy(body).trim().chars().take(SHOWN_MAX).collect::<String>();
    let answer = exchange(&mut connection, &mut vec![0; READ_BYTES], false, |answer| match answer.status {
        204 => Ok(()),
        404 => {
            Err("the hub does not take other rules of injected faults; it must run with --admin".to_owned())
        }
        status => Err(format!("the hub refused the rules ({status}): {}", said(answer.body))),
    });
    answer.map_err(|e| format!("the hub could not be told to inject faults: {e}"))?.0
}
