//! How a running hub is told to stop. Called by the command line (signals, closed standard input) and by tests.

use tokio::sync::watch;

/// Stops a hub once; clones stop the same hub.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl Default for StopHandle {
    fn default() -> Self {
        StopHandle(watch::Sender::new(false))
    }
}

impl StopHandle {
    /// A handle nobody has used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the hub to stop: finish what is in flight, commit, write the mark. Returns at once; may be called again.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// True when a stop was asked for.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// A receiver that turns true on the stop.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
