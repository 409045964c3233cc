//! The table of floors: what the machine itself takes. Called by the command.

use super::disk;
use crate::bench::Bench;
use crate::generators::contest::add;
use crate::generators::saturation::{SERVER_CPU, measure, null_client};
use crate::table::{Row, Table};

/// Bodies of the echo server: a status, a message, a large record.
const BODIES: &[usize] = &[2, 1_024, 16_384];
/// Blocks of the bare write: a small record, a batch, a large batch.
const BLOCKS: &[usize] = &[512, 4_096, 65_536];
/// Connections of the null client are those of the comparison of generators.
const SYNC_P50: &str = "write and fdatasync us p50";
const SYNC_P99: &str = "write and fdatasync us p99";

/// The floors.
///
/// # Errors
/// A sentence: our own small programs cannot be started, or the disk not be written.
pub fn compare(bench: &Bench) -> Result<Table, String> {
    let row = |who: String, command: String| Row {
        who,
        version: String::new(),
        command,
        figures: Vec::new(),
        note: String::new(),
    };
    let mut rows: Vec<Row> = BODIES
        .iter()
        .map(|bytes| {
            row(format!("echo of {bytes} bytes"), format!("spinebench-peers floor-echo --bytes {bytes}"))
        })
        .collect();
    rows.extend(
        BLOCKS
            .iter()
            .map(|bytes| row(format!("write of {bytes} bytes"), "within spinebench-peers".to_owned())),
    );
    let seconds = crate::generators::whole_seconds(bench);
    for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        for (row, bytes) in rows.iter_mut().zip(BODIES) {
            measure(bench, row, *bytes, |server| null_client(bench, server, seconds))?;
        }
        for (row, bytes) in rows[BODIES.len()..].iter_mut().zip(BLOCKS) {
            let synced = disk::write_and_sync(&bench.scratch, *bytes, bench.seconds.min(2.0))?;
            add(row, SYNC_P50, synced.p50_us);
            add(row, SYNC_P99, synced.p99_us);
        }
    }
    Ok(Table {
        name: "floors".to_owned(),
        title: "The floors of this machine".to_owned(),
        method: format!(
            "An HTTP server on bare epoll that only answers, asked by the null client (the product's own connections and nothing \
             else), each on a core of its own: {SERVER_CPU} is the floor of servers, the client's that of generators. And a file \
             that is appended to and synced, one write after the other."
        ),
        against: String::new(),
        rows,
        targets: Vec::new(),
    })
}
