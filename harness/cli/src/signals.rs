//! Ctrl-C and SIGTERM as a flag that long work looks at. The second signal ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How soon a signal is acted on where nothing else looks at the flag.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A flag that the first SIGINT or SIGTERM sets; a second one exits with 130, as shells expect.
pub fn stop_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Registering fails only for forbidden signals, which these are not. The order matters: the conditional
        // shutdown sees the flag as it was before this signal.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag));
        let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
    }
    flag
}

/// Calls `act` on the first SIGINT or SIGTERM, from a thread of its own; a second one ends the process at once.
pub fn on_stop(act: impl FnOnce() + Send + 'static) {
    let flag = stop_flag();
    std::thread::spawn(move || {
        while !flag.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
        }
        act();
    });
}
