//! Gives a running hub other rules of injected faults: `PUT /_admin/inject`, which the reference hub answers to callers on
//! its own machine when it was started with `--admin`.
//!
//! Called by the command line when a scenario's event says so. The hub counts no such request, and neither do we.

use crate::client::connector::Connector;
use std::time::Duration;

/// The word that ends all injection.
const OFF: &str = "off";
/// How long the hub may take for it: as long as for any look-up after a run.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a refusal that are shown.
const SHOWN_MAX: usize = 200;

/// Puts `rules` in force, or with `off` none.
///
/// # Errors
/// One sentence: no connection, or the hub's own refusal.
pub fn put(connector: &Connector, rules: &str) -> Result<(), String> {
    let rules = if rules.trim() == OFF { "" } else { rules };
    let request = format!(
        "PUT /_admin/inject HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{rules}",
        connector.target(),
        rules.len()
    );
    let (status, body) = connector
        .ask(request.as_bytes(), PATIENCE)
        .map_err(|e| format!("the hub could not be told to inject faults: {e}"))?;
    match status {
        204 => Ok(()),
        404 => {
            Err("the hub does not take other rules of injected faults; it must run with --admin".to_owned())
        }
        status => {
            let said: String = String::from_utf8_lossy(&body).trim().chars().take(SHOWN_MAX).collect();
            Err(format!("the hub refused the rules ({status}): {said}"))
        }
    }
}
