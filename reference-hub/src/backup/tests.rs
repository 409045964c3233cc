//! Backups of a folder without a hub around it: what is restored is what was there, and what is damaged is refused.

use super::restore::restore;
use super::write::{Made, write};
use super::*;
use bytes::Bytes;
use hub_store::{Put, Store, TABLES, Table, Txn, View};
use std::sync::Arc;

/// A used folder: loaded rows, transactions with audit events, a blob.
fn used(data: &Path) -> Arc<dyn Store> {
    used_by(&crate::STORES[0], data)
}

fn used_by(kind: &crate::StoreKind, data: &Path) -> Arc<dyn Store> {
    let store = crate::hub::open(kind, data).unwrap();
    crate::folder::found(store.as_ref(), [7; crate::audit::SALT_BYTES]).unwrap();
    let mut loaded = (0..300_u32).map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; 200]));
    store.load(Table::Directory, &mut loaded).unwrap();
    store.load_finish().unwrap();
    for n in 0..50 {
        store.commit(&[txn(n), txn(n + 1_000)]).unwrap();
    }
    let blobs = hub_store::blobs::Blobs::open(data).unwrap();
    let mut blob = blobs.create("blob-1").unwrap();
    blob.write(&[9; 400_000]).unwrap();
    blob.finish().unwrap();
    store
}

fn txn(n: u32) -> Txn {
    let key = Bytes::from(format!("claim {n}"));
    let value = Bytes::from(vec![n as u8; 3_000]);
    let audit = Bytes::from(format!("event {n}"));
    Txn { puts: vec![Put { table: Table::Claims, key, value }], audit, ..Txn::default() }
}

fn never() -> bool {
    false
}

fn back_up(store: &dyn Store, data: &Path, name: &str) -> Result<Made, BackupError> {
    write(store, data, name, 0, &never)
}

fn rows(view: &dyn View) -> Vec<Vec<hub_store::Row>> {
    TABLES.iter().map(|(table, _)| view.scan(*table, &[], &[0xff; 64], usize::MAX).unwrap()).collect()
}

#[test]
fn a_restored_folder_holds_what_the_backup_saw_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("new"));
    let store = used(&data);
    let (before, head) = (rows(store.as_ref()), store.head());
    let made = back_up(store.as_ref(), &data, "one").unwrap();
    assert_eq!((made.seq, made.blobs), (100, 1));
    store.commit(&[txn(77)]).unwrap();
    let verified = restore(&data.join("backups/one"), &target).unwrap();
    assert_eq!(verified.head, head);
    let again = crate::hub::open(&crate::STORES[0], &target).unwrap();
    assert!(rows(again.as_ref()) == before, "every row, with its version");
    assert_eq!(std::fs::read(target.join("blobs/blob-1")).unwrap(), [9; 400_000]);
    again.commit(&[txn(500)]).unwrap();
    assert_eq!(again.head().seq, 101);
    again.close().unwrap();
    drop(again);
    let verified = crate::verify(&target).unwrap();
    assert!(verified.is_whole() && verified.head.seq == 101, "{:?}", verified.findings);
}

#[test]
fn a_damaged_or_incomplete_backup_is_refused_and_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("new"));
    let made = back_up(used(&data).as_ref(), &data, "one").unwrap().folder;
    let flip = |file: &str, at: usize| {
        let file = file.to_owned();
        move |folder: &Path| {
            let mut bytes = std::fs::read(folder.join(&file)).unwrap();
            bytes[at] ^= 1;
            std::fs::write(folder.join(&file), bytes).unwrap();
        }
    };
    type Damage = Box<dyn Fn(&Path)>;
    let damages: Vec<(&str, Damage)> = vec![
        ("manifest: missing", Box::new(|f| std::fs::remove_file(f.join("manifest")).unwrap())),
        ("manifest: its checksum", Box::new(flip("manifest", 60))),
        ("claims.rows: its checksum", Box::new(flip("tables/claims.rows", 2_000))),
        ("claims.rows: the length of a row", Box::new(flip("tables/claims.rows", 3))),
        ("audit.rows: its checksum", Box::new(flip("tables/audit.rows", 30))),
        ("audit.rows: missing", Box::new(|f| std::fs::remove_file(f.join("tables/audit.rows")).unwrap())),
        (
            "directory.rows: cut short",
            Box::new(|f| {
                let file = std::fs::File::options().write(true).open(f.join("tables/directory.rows"));
                file.unwrap().set_len(1_001).unwrap();
            }),
        ),
        (
            "inbox.rows: holds rows",
            Box::new(|f| {
                std::fs::copy(f.join("tables/claims.rows"), f.join("tables/inbox.rows")).map(|_| ()).unwrap();
            }),
        ),
        ("blobs/blob-1: its checksum", Box::new(flip("blobs/blob-1", 5))),
        ("blobs/blob-1: missing", Box::new(|f| std::fs::remove_file(f.join("blobs/blob-1")).unwrap())),
    ];
    for (told, damage) in damages {
        let copy = folder.path().join("copy");
        copy_folder(&made, &copy);
        damage(&copy);
        let refused = restore(&copy, &target).unwrap_err();
        assert!(matches!(refused, BackupError::Damaged(_)), "{told}: {refused:?}");
        assert!(refused.to_string().contains(told), "{told}: {refused}");
        assert!(!target.exists() && !folder.path().join("new.restoring").exists(), "{told}");
        std::fs::remove_dir_all(&copy).unwrap();
    }
    assert!(restore(&made, &target).is_ok(), "the backup itself is untouched");
}

/// A copy that shares no file with its source.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_folder_that_is_not_empty_is_not_restored_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = back_up(used(&data).as_ref(), &data, "one").unwrap().folder;
    let refused = restore(&made, &data).unwrap_err();
    assert!(matches!(refused, BackupError::TargetNotEmpty(_)), "{refused}");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(restore(&made, &empty).is_ok());
}

#[test]
fn a_broken_chain_is_not_backed_up_and_a_name_is_given_once() {
    let folder = tempfile::tempdir().unwrap();
    // An engine in which a loaded row takes the place of one that was written: what a forger would use.
    let store = used_by(crate::store_kind("fjall").unwrap(), folder.path());
    back_up(store.as_ref(), folder.path(), "one").unwrap();
    let twice = back_up(store.as_ref(), folder.path(), "one").unwrap_err();
    assert!(matches!(twice, BackupError::Exists(_)), "{twice}");
    for name in ["", "../one", "a/b", ".", "a b", &"x".repeat(65)] {
        let refused = back_up(store.as_ref(), folder.path(), name).unwrap_err();
        assert!(matches!(refused, BackupError::Name(_)), "{name:?}: {refused}");
    }
    let forged = (hub_store::seq_key(8).to_vec(), b"event of another day".to_vec());
    store.load(Table::Audit, &mut std::iter::once(forged)).unwrap();
    let refused = back_up(store.as_ref(), folder.path(), "two").unwrap_err();
    assert!(refused.to_string().contains("audit event 8: not the text"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path().join("backups")).unwrap().count(), 1, "nothing is left of it");
}

#[test]
fn a_stop_ends_a_backup_and_only_one_is_made_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = used(folder.path());
    let stopped = write(store.as_ref(), folder.path(), "one", 0, &|| true).unwrap_err();
    assert!(matches!(stopped, BackupError::Stopping), "{stopped}");
    let backups = Backups::default();
    let inner = backups.make(|| Ok(backups.make(|| Ok(())).unwrap_err())).unwrap();
    assert!(matches!(inner, BackupError::Busy));
    assert_eq!(backups.totals(), (1, 0));
    assert_eq!(name_of(1_769_860_800_000), "2026-01-31T120000Z");
}

#[test]
fn what_a_killed_hub_left_of_any_backup_goes_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = used(folder.path());
    std::fs::create_dir_all(folder.path().join("backups/night.partial/tables")).unwrap();
    back_up(store.as_ref(), folder.path(), "one").unwrap();
    let left = std::fs::read_dir(folder.path().join("backups")).unwrap();
    assert_eq!(left.map(|e| e.unwrap().file_name()).collect::<Vec<_>>(), ["one"]);
}
