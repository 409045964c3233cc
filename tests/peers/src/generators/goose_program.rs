//! The load generator goose as a program of its own, with its own client and its own measuring: a peer. (The product uses
//! goose too, for pacing users, but measures with its own client.) Started by comparisons.

use goose::GooseAttack;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction};
use goose::metrics::GooseCoordinatedOmissionMitigation as Mitigation;
use std::net::SocketAddr;
use std::sync::Arc;

/// Asks `GET /` with so many users without think time for so many seconds; prints p50 and p99 in microseconds, as
/// `p50_us N p99_us N`.
///
/// # Errors
/// A sentence: goose refused the configuration or failed.
pub fn attack(
    target: SocketAddr,
    users: usize,
    seconds: u64,
    rate: Option<usize>,
    corrected: bool,
) -> Result<(), String> {
    // The struct has private fields, so it cannot be written out whole.
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(format!("http://{target}"));
    configuration.users = Some(users);
    // All within a tenth of a second.
    configuration.increase_rate = Some((users * 10).to_string());
    configuration.run_time = Some(seconds.to_string());
    configuration.throttle_requests = rate;
    configuration.quiet = 3;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    if corrected {
        configuration.co_mitigation = Some(Mitigation::Average);
    }
    let ask = Transaction::new(Arc::new(|user| {
        Box::pin(async move {
            let _ = user.get("/").await?;
            Ok(())
        })
    }));
    let told = |e: goose::GooseError| format!("goose: {e}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| format!("no runtime: {e}"))?;
    let metrics = runtime.block_on(async {
        GooseAttack::initialize_with_config(configuration)
            .map_err(told)?
            .register_scenario(Scenario::new("ask").register_transaction(ask))
            .execute()
            .await
            .map_err(told)
    })?;
    let mut times: Vec<(u64, usize)> = Vec::new();
    for request in metrics.requests.values() {
        let data =
            request.coordinated_omission_data.as_ref().filter(|_| corrected).unwrap_or(&request.raw_data);
        times.extend(data.times_us.iter().map(|(us, count)| (*us, *count)));
    }
    times.sort_unstable();
    println!("p50_us {} p99_us {}", quantile(&times, 0.5), quantile(&times, 0.99));
    Ok(())
}

/// The value at a quantile of (value, count), ascending; 0 of none.
fn quantile(times: &[(u64, usize)], q: f64) -> u64 {
    let total: usize = times.iter().map(|(_, count)| count).sum();
    let rank = (q * total as f64).ceil() as usize;
    let mut below = 0;
    let found = times.iter().find(|(_, count)| {
        below += count;
        below >= rank
    });
    found.or(times.last()).map_or(0, |(us, _)| *us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_counts_every_time_of_a_bucket() {
        assert_eq!(quantile(&[(1, 98), (5, 1), (9, 1)], 0.5), 1);
        assert_eq!(quantile(&[(1, 98), (5, 1), (9, 1)], 0.99), 5);
        assert_eq!(quantile(&[], 0.99), 0);
    }
}
