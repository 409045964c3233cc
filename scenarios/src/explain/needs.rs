//! What a scenario needs of the machine, in numbers and in sentences: time, connections and file handles, memory, disk. The
//! sizes are estimates from runs of the reference hub and say so. Pure: the caller knows what the machine allows.

use super::draw::{number, time};
use crate::scenario::{Model, Scenario};
use crate::target::Target;
use serde::Serialize;

/// File handles of a process besides its connections: listener, poller, store, log, standard streams.
const HANDLES_BESIDE: u64 = 64;
/// Resident memory of a hub with a tiny store that has answered nothing: 31 MB measured with 2,000 patients.
const HUB_BYTES: f64 = 31e6;
/// What a patient of the store adds to it: 70 MB measured with 200,000.
const HUB_BYTES_A_PATIENT: f64 = 200.0;
/// What a request adds to it while caches fill: 184 MB measured after 30,720, 714 MB after 117,000 with 200,000 patients.
const HUB_BYTES_A_REQUEST: f64 = 5_500.0;
/// Resident memory of the harness with the whole mix: 37 MB measured.
const HARNESS_BYTES: f64 = 37e6;
/// What a request adds to it, with what it leaves to later ones: 183 MB measured after 117,000.
const HARNESS_BYTES_A_REQUEST: f64 = 1_250.0;
/// Requests up to which memory was measured; a longer run is told that it may take more.
const REQUESTS_MEASURED: f64 = 117_000.0;
/// Buffers of an open connection, on either side: an assumption, four reads of 16 KiB at most.
const CONNECTION_BYTES: f64 = 65_536.0;
/// Disk of a store without patients: 9 MB extrapolated from 15 MB with 2,000 and 61 MB with 20,000.
const DISK_BYTES: f64 = 9e6;
/// What a patient takes on disk: 537 MB measured with 200,000.
const DISK_BYTES_A_PATIENT: f64 = 2_650.0;
/// What a request takes at most beside its own text, as if it were kept whole: an audit event with its hash, an assumption.
const AUDIT_BYTES: f64 = 500.0;
const MB: f64 = 1e6;

/// What a scenario needs of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Needs {
    /// Time from the first to the last planned arrival, seconds.
    pub running_s: f64,
    /// Connections opened before the run.
    pub connections: u64,
    /// Connections there may be when all that are open wait.
    pub connections_max: u64,
    /// Loopback source addresses they are spread over.
    pub sources: u32,
    /// File handles that hub and harness each need at the least.
    pub handles: u64,
    /// File handles that each may come to need.
    pub handles_max: u64,
    /// Memory of the harness at its peak, bytes, estimated.
    pub harness_memory_bytes: f64,
    /// Memory of the hub at its peak, bytes, estimated; `None` for a hub that already runs.
    pub hub_memory_bytes: Option<f64>,
    /// Disk that the hub's store takes while the run lasts, bytes, estimated; `None` for a hub that already runs.
    pub disk_bytes: Option<f64>,
}

/// The needs in numbers; `sent_bytes` is the mean size of a request.
pub(super) fn machine(scenario: &Scenario, requests: f64, sent_bytes: f64) -> Needs {
    let load = &scenario.load;
    let (connections, connections_max) = match load.model {
        Model::Open => (u64::from(load.connections), u64::from(load.connections_max.max(load.connections))),
        Model::Closed => (u64::from(load.connections), u64::from(load.connections)),
        // Each user has a connection of its own.
        Model::Users => {
            let users = load.users.iter().map(|u| u64::from(u.count)).sum();
            (users, users)
        }
    };
    let patients = scenario.population.patients as f64;
    let embedded = matches!(scenario.target, Target::Embedded { .. });
    let buffers = connections as f64 * CONNECTION_BYTES;
    let seen = requests.min(REQUESTS_MEASURED);
    Needs {
        running_s: scenario.length().as_secs_f64(),
        connections,
        connections_max,
        sources: load.sources,
        handles: connections + HANDLES_BESIDE,
        handles_max: connections_max + HANDLES_BESIDE,
        harness_memory_bytes: HARNESS_BYTES + seen * HARNESS_BYTES_A_REQUEST + buffers,
        hub_memory_bytes: embedded
            .then_some(HUB_BYTES + patients * HUB_BYTES_A_PATIENT + seen * HUB_BYTES_A_REQUEST + buffers),
        disk_bytes: embedded
            .then_some(DISK_BYTES + patients * DISK_BYTES_A_PATIENT + requests * (sent_bytes + AUDIT_BYTES)),
    }
}

/// How many file handles the machine allows, against what is needed: a sentence that says what to do when it is not enough.
/// `soft` is what the process has now, `hard` what it may ask for; `None` for no limit.
pub fn open_files(needs: &Needs, soft: Option<u64>, hard: Option<u64>) -> String {
    let (least, most) = (needs.handles, needs.handles_max);
    let has = soft.map_or("no limit".to_owned(), |n| number(n as f64));
    let within = |limit: Option<u64>, needed: u64| limit.is_none_or(|limit| limit >= needed);
    let told = format!(
        "File handles: {} in each process, up to {} if answers stall; the limit is {has} (ulimit -n)",
        number(least as f64),
        number(most as f64)
    );
    match (within(soft, least), within(soft, most), within(hard, most)) {
        (true, true, _) => format!("{told}: enough."),
        (true, false, true) => {
            format!(
                "{told}: enough unless answers stall; `ulimit -n {most}` before the run gives room for that."
            )
        }
        (true, false, false) => format!("{told}: enough unless answers stall."),
        (false, _, true) => format!("{told}: too few; run `ulimit -n {most}` in this shell first."),
        (false, _, false) => format!(
            "{told}: too few, and the most this account may set is {}; an administrator has to raise nofile in \
             /etc/security/limits.conf, or load.connections has to be lower.",
            hard.map_or("no limit".to_owned(), |n| number(n as f64))
        ),
    }
}

/// The needs in sentences.
pub(super) fn sentences(scenario: &Scenario, requests: f64, machine: &Needs) -> Vec<String> {
    let mut needs = vec![
        format!("{} of running, after the hub is ready.", time(machine.running_s)),
        format!(
            "{} connections{}, from {}.",
            number(machine.connections as f64),
            match machine.connections_max > machine.connections {
                true => format!(", up to {} if answers stall", number(machine.connections_max as f64)),
                false => String::new(),
            },
            match machine.sources {
                0 | 1 => "one source address".to_owned(),
                n => format!("{n} loopback source addresses"),
            }
        ),
    ];
    let mb = |bytes: f64| number((bytes / MB).ceil());
    let harness = format!("About {} MB of memory for the harness", mb(machine.harness_memory_bytes));
    needs.push(match (machine.hub_memory_bytes, machine.disk_bytes) {
        (Some(memory), Some(disk)) => format!(
            "{harness} and {} MB for the hub, and {} MB of disk, which is free again after the run (estimates).",
            mb(memory),
            mb(disk)
        ),
        _ => format!("{harness} (an estimate)."),
    });
    if requests > REQUESTS_MEASURED {
        needs.push(format!(
            "Perhaps more memory than that: it was measured up to {} requests only.",
            number(REQUESTS_MEASURED)
        ));
    }
    let sizes = scenario.population;
    let filled = format!(
        "{} patients, {} organisations and {} end points",
        sizes.patients, sizes.organisations, sizes.endpoints
    );
    needs.push(match &scenario.target {
        Target::Embedded { .. } => format!("A hub that is first filled with {filled}."),
        Target::Url { .. } => format!(
            "A hub that was filled from seed {} with {filled}, if it checks who is asked about.",
            scenario.seed
        ),
    });
    for interaction in &scenario.interactions {
        let takes = interaction.takes();
        let left = scenario.interactions.iter().any(|i| i.leaves().is_some_and(|l| takes.contains(&l)));
        if !takes.is_empty() && !left {
            needs.push(format!(
                "{} takes from {} and no interaction of this mix leaves anything there: it lives on the backlog of \
                 the freshly filled hub, and arrivals beyond that are dropped.",
                interaction.name,
                takes.join(" or ")
            ));
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(handles: u64, handles_max: u64) -> Needs {
        Needs {
            running_s: 1.0,
            connections: 1,
            connections_max: 1,
            sources: 1,
            handles,
            handles_max,
            harness_memory_bytes: 0.0,
            hub_memory_bytes: None,
            disk_bytes: None,
        }
    }

    #[test]
    fn the_sentence_on_file_handles_says_what_to_do_when_they_are_too_few() {
        let told = |soft, hard| open_files(&needs(320, 10_064), soft, hard);
        assert!(told(Some(20_000), Some(20_000)).ends_with("enough."));
        assert!(told(None, None).contains("no limit") && told(None, None).ends_with("enough."));
        assert!(told(Some(1_024), None).contains("enough unless answers stall; `ulimit -n 10064`"));
        assert!(told(Some(1_024), Some(4_096)).ends_with("enough unless answers stall."));
        assert!(told(Some(256), Some(65_536)).contains("too few; run `ulimit -n 10064`"));
        let hard = told(Some(256), Some(4_096));
        assert!(hard.contains("too few") && hard.contains("limits.conf") && hard.contains("4,096"), "{hard}");
    }
}
