//! What every engine with a data folder keeps besides its rows: the lock, the mark, an audit log in which damage is found.
//!
//! Called from the engines' tests; an engine brings how it is opened, and how its log is damaged.

use super::{Open, txn};
use crate::mark::read_mark;
use crate::verify::{Finding, verify_all};
use crate::{Head, StoreError};
use std::path::Path;

/// The folder's lock names the process that holds it, and goes with it.
///
/// # Panics
/// When the engine breaks this.
pub fn in_use_by_one(open: Open, folder: &Path) {
    let (first, report) = open(folder).unwrap();
    assert_eq!((report.head.seq, report.mark), (0, None));
    let error = open(folder).err().unwrap().0;
    assert!(error.contains("LOCK") && error.contains(&std::process::id().to_string()), "{error}");
    drop(first);
    open(folder).unwrap();
}

/// The mark follows the head at most once a second, and at the orderly end.
///
/// # Panics
/// When the engine breaks this.
pub fn marked_once_a_second(open: Open, folder: &Path) {
    let (store, _) = open(folder).unwrap();
    let mark = || read_mark(&folder.join("mark")).unwrap().unwrap();
    let commit = || store.commit(&[txn("e", Vec::new())]).unwrap();
    assert_eq!(mark().seq, 0);
    commit();
    store.tick(100).unwrap();
    assert_eq!(mark().seq, 1);
    commit();
    store.tick(1_099).unwrap();
    assert_eq!(mark().seq, 1);
    store.tick(1_100).unwrap();
    assert_eq!(mark().seq, 2);
    commit();
    store.close().unwrap();
    assert_eq!(mark().seq, 3);
    assert!(verify_all(store.as_ref(), Some::<Head>(mark())).unwrap().is_whole());
}

/// Texts put in the places of these events of a log of 30 (`event 1`, `event 2`, …), or these events removed.
pub type Alterations<'a> = &'a [(u64, Option<&'a str>)];

/// Damage far back in the log is found by the walk over all of it, by number: changed, dropped, put elsewhere. `found` gives
/// what the walk finds in a log altered so, which goes on for longer than what opening looks at.
///
/// # Panics
/// When the engine breaks this.
pub fn damage_far_back_is_found(found: &dyn Fn(Alterations<'_>) -> Vec<Finding>) {
    assert_eq!(found(&[(11, Some("event of another day"))]), [Finding::Changed(11)]);
    assert_eq!(found(&[(7, None)]), [Finding::Dropped(7..=7)]);
    let swapped = [(4, Some("event 20")), (20, Some("event 4"))];
    let moved = [Finding::Moved { at: 4, from: 20 }, Finding::Moved { at: 20, from: 4 }];
    assert_eq!(found(&swapped), moved);
}

/// Damage in the last events is refused at the start, and named. `opened` opens a folder whose log was altered so.
///
/// # Panics
/// When the engine breaks this.
pub fn damage_at_the_end_is_refused(opened: &dyn Fn(Alterations<'_>) -> Result<(), StoreError>) {
    for (events, named) in [
        (&[(29_u64, Some("another"))][..], "changed: 29"),
        (&[(28, None)], "missing sequence numbers: 28"),
        (&[(25, Some("event 30")), (30, Some("event 25"))], "changed: 30"),
    ] {
        let refused = opened(events).unwrap_err().0;
        assert!(refused.contains(named), "{refused}");
    }
}
