//! The `spinebench-peers` command: installs what it can of the peers, runs the comparisons, writes the tables.

fn main() {
    eprintln!("no comparison is built yet");
}
