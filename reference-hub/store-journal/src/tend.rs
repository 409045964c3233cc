//! Housekeeping: makes the next segment in time, writes full segments out as a run, merges runs.
//!
//! One thread of low priority; ends with the store. Commits do not wait for it unless it falls far behind. What fails here
//! ends the store's writing, as what is durable is then in doubt.

use crate::file::{DataFile, Value};
use crate::filter::key_hash;
use crate::layers::Layers;
use crate::manifest::LOADED;
use crate::mem::{Mem, MemSlot};
use crate::run::{Run, RunRow};
use crate::shared::Shared;
use crate::writer::{NewValue, RunWriter};
use hub_store::{StoreError, TABLES};
use std::sync::Arc;

/// Steps below a thread's usual priority: it works in the time that others leave.
const NICE: i32 = 10;

/// What ends a run half-way when the store is dropped; never seen outside.
fn stopped() -> StoreError {
    StoreError("the store is closing".to_owned())
}

/// The thread: does what is due, then waits for the next change.
pub(crate) fn tend(shared: &Shared) {
    // Refused, the thread just runs at the usual priority.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    while !shared.is_stopping() && shared.well().is_ok() {
        let seen = shared.changes();
        match step(shared) {
            Ok(true) => {}
            Ok(false) => shared.wait(seen),
            Err(_) if shared.is_stopping() => return,
            Err(error) => shared.fail(error),
        }
    }
}

/// Does one thing that is due; false when nothing is.
fn step(shared: &Shared) -> Result<bool, StoreError> {
    shared.prepare()?;
    let layers = shared.layers();
    if layers.mems.len() > shared.limits.flush_segments {
        flush(shared, &layers)?;
        return Ok(true);
    }
    if let Some(runs) = due(&layers.runs, shared.limits.merge_runs) {
        merge(shared, &layers, &layers.runs[runs])?;
        return Ok(true);
    }
    Ok(false)
}

/// The newest neighbours of one level, when there are enough of them.
fn due(runs: &[Arc<Run>], enough: usize) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for same in runs.chunk_by(|a, b| a.level == b.level) {
        if same.len() >= enough && same[0].level < LOADED - 1 {
            return Some(start..start + same.len());
        }
        start += same.len();
    }
    None
}

/// Called between pieces of a long write: keeps the committer supplied.
fn between(shared: &Shared) -> Result<(), StoreError> {
    if shared.is_stopping() {
        return Err(stopped());
    }
    shared.well()?;
    shared.prepare()
}

/// Writes a row unless it is a removal that has nothing left to hide.
fn put(
    writer: &mut RunWriter<'_>,
    (table, key): (u8, &[u8]),
    (version, value): (u64, Value),
    (file, older): (&DataFile, &[Arc<Run>]),
) -> Result<(), StoreError> {
    match value {
        Value::Removed => {
            let hash = key_hash(table, key);
            if older.iter().any(|run| run.may_hold(table, key, hash)) {
                writer.put(table, key, version, &NewValue::Removed)?;
            }
            Ok(())
        }
        Value::Here(bytes) => writer.put(table, key, version, &NewValue::Plain(&bytes)),
        Value::There(place) if place.unpacked == 0 => {
            writer.put(table, key, version, &NewValue::Plain(&file.stored(&place)?))
        }
        Value::There(place) => {
            writer.put(table, key, version, &NewValue::Stored(&file.stored(&place)?, place.unpacked))
        }
    }
}

/// Writes all full segments out as one run and removes them.
fn flush(shared: &Shared, layers: &Layers) -> Result<(), StoreError> {
    let full = &layers.mems[1..];
    let go_on = || between(shared);
    let mut writer = shared.new_run(&go_on)?;
    for (table, _) in TABLES {
        let table = table.index();
        let of_each: Vec<_> = full.iter().map(|mem| mem.rows(table)).collect();
        let mut rows: Vec<(&[u8], &MemSlot, &Mem)> =
            Vec::with_capacity(of_each.iter().map(|r| r.len()).sum());
        for (of_one, mem) in of_each.iter().zip(full) {
            rows.extend(of_one.iter().map(|(key, slot)| (&key[..], slot, &**mem)));
        }
        rows.sort_by_key(|(key, ..)| *key); // stable: of one key the newest stays first
        rows.dedup_by_key(|(key, ..)| *key);
        for (key, slot, mem) in rows {
            let value = crate::file::Slot::from(*slot).value;
            put(&mut writer, (table as u8, key), (slot.version, value), (&mem.file, &layers.runs))?;
        }
    }
    let run = writer.finish(0)?.map(Arc::new);
    shared.replace(&|layers| {
        layers.mems.retain(|mem| !full.iter().any(|gone| Arc::ptr_eq(mem, gone)));
        layers.runs.splice(0..0, run.clone());
    })?;
    full.iter().for_each(|mem| mem.file.remove_after_use());
    Ok(())
}

/// Merges neighbouring runs into one of the next level and removes them.
fn merge(shared: &Shared, layers: &Layers, runs: &[Arc<Run>]) -> Result<(), StoreError> {
    let end = layers.runs.iter().position(|run| Arc::ptr_eq(run, &runs[runs.len() - 1]));
    let older = &layers.runs[end.map_or(layers.runs.len(), |i| i + 1)..];
    let go_on = || between(shared);
    let mut writer = shared.new_run(&go_on)?;
    let mut sources = Vec::with_capacity(runs.len());
    for run in runs {
        let mut rows = run.rows_from(0, &[]);
        let next = rows.next().transpose()?;
        sources.push((run, rows, next));
    }
    while let Some(lowest) = lowest(sources.iter().map(|(.., next)| next.as_ref())) {
        let mut newest = None;
        for (run, rows, next) in &mut sources {
            if next.as_ref().is_some_and(|row| (row.table, &row.key) == (lowest.0, &lowest.1)) {
                let row = std::mem::replace(next, rows.next().transpose()?);
                newest = newest.or(row.map(|row| (row, *run)));
            }
        }
        if let Some((row, run)) = newest {
            put(&mut writer, (row.table, &row.key), (row.slot.version, row.slot.value), (&run.file, older))?;
        }
    }
    let run = writer.finish(runs[0].level + 1)?.map(Arc::new);
    shared.replace(&|layers| {
        let gone = |run: &Arc<Run>| runs.iter().any(|gone| Arc::ptr_eq(run, gone));
        let at = layers.runs.iter().position(&gone).unwrap_or(0);
        layers.runs.retain(|run| !gone(run));
        layers.runs.splice(at..at, run.clone());
    })?;
    runs.iter().for_each(|run| run.file.remove_after_use());
    Ok(())
}

fn lowest<'a>(rows: impl Iterator<Item = Option<&'a RunRow>>) -> Option<(u8, bytes::Bytes)> {
    rows.flatten()
        .min_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)))
        .map(|row| (row.table, row.key.clone()))
}
