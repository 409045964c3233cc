//! The limit of open files: every connection is one. Raised as far as the system lets us; where that is not far enough, the
//! sentence says what to type. Called before connections are opened; never lowers anything.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files a process has open besides its connections: logs, the store's, pollers, record files.
pub const OTHER_FILES: u64 = 256;

/// Makes sure that `connections` can be open at a time.
///
/// # Errors
/// What to type so that they can.
pub fn need(connections: u64) -> Result<(), String> {
    let files = connections.saturating_add(OTHER_FILES);
    let limit = getrlimit(Resource::Nofile);
    if enough(limit.current, files) {
        return Ok(());
    }
    if enough(limit.maximum, files) {
        // All of it: the hub and whatever else this process starts inherit it.
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return Ok(());
        }
    }
    // A privileged process may raise even the hard limit.
    let beyond = Rlimit { current: Some(files), maximum: Some(files.max(limit.maximum.unwrap_or(files))) };
    if setrlimit(Resource::Nofile, beyond).is_ok() {
        return Ok(());
    }
    Err(advice(connections, files, limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX)))
}

/// `None` is no limit.
fn enough(limit: Option<u64>, files: u64) -> bool {
    limit.is_none_or(|most| most >= files)
}

fn advice(connections: u64, files: u64, soft: u64, hard: u64) -> String {
    format!(
        "{connections} connections need {files} open files in the harness and as many in the hub, got {soft} (hard limit \
         {hard}), which this user may not raise. Raise it in one of these ways and start again: in a root shell \
         `ulimit -Hn {files} && ulimit -n {files}`; for a login, the line `* - nofile {files}` in \
         /etc/security/limits.conf, then log in anew; for a systemd unit `LimitNOFILE={files}`; for a container \
         `--ulimit nofile={files}:{files}`. Or lower load.connections to {}",
        hard.saturating_sub(OTHER_FILES)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_hard_limit_allows_is_simply_taken() {
        let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(4_096);
        need(hard.saturating_sub(OTHER_FILES)).unwrap();
        assert!(enough(getrlimit(Resource::Nofile).current, hard));
    }

    #[test]
    fn what_nobody_can_have_is_refused_with_the_line_to_type() {
        // More than any kernel's nr_open.
        let refused = need(u64::from(u32::MAX)).unwrap_err();
        for part in ["ulimit -n 4294967551", "limits.conf", "LimitNOFILE=4294967551", "load.connections"] {
            assert!(refused.contains(part), "{part} in {refused}");
        }
    }

    #[test]
    fn no_limit_is_enough() {
        assert!(enough(None, u64::MAX) && enough(Some(5), 5) && !enough(Some(4), 5));
    }
}
