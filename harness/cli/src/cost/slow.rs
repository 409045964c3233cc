//! A line for whoever waits: what takes longer than a moment says what it is doing, once, on stderr.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Time after which a person wonders whether anything still happens.
const MOMENT: Duration = Duration::from_secs(2);

/// Does the work; tells what it is if it is not done after a moment.
pub fn slow<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    let what = what.to_owned();
    let teller = std::thread::spawn(move || {
        if waiting.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{what} …");
        }
    });
    let result = work();
    drop(done);
    // The teller neither fails nor has anything to give back.
    let _ = teller.join();
    result
}
