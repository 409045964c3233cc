//! Watching a run: the state of the moment, kept by one thread and shown by another, so that neither a slow terminal nor a
//! slow scraper ever delays a send. Called by `run`; never measures: what it shows comes from the engine's own look at
//! itself, and from a light look at two processes.

mod draw;
mod screen;
mod state;
mod usage;

pub(crate) use state::State;
pub(crate) use usage::HubPid;

use harness::clock::Clock;
use harness::engine::Live;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Moments that may wait for the keeper: it takes microseconds for each, so that even one would do; more than these
/// means that the machine is too busy to watch itself, and then a moment is left out rather than the run held up.
const WAITING_MAX: usize = 64;

/// The state as its readers share it.
pub(crate) type Shared = Arc<Mutex<State>>;

/// The state, for a moment; a reader that died while holding it left it whole.
pub(crate) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Told {
    Moment(Box<Live>),
    Sentence(String),
}

/// A run being watched.
pub(crate) struct Watching {
    teller: Teller,
    shared: Shared,
    keeper: JoinHandle<()>,
    drawer: Option<JoinHandle<()>>,
}

/// Tells the watchers something; never waits. For the engine's look at itself, and for whoever acts in mid-run.
#[derive(Clone)]
pub(crate) struct Teller(SyncSender<Told>);

impl Teller {
    /// Tells of a moment; left out when the keeper is still busy with many others.
    pub(crate) fn tell(&self, live: &Live) {
        let _ = self.0.try_send(Told::Moment(Box::new(live.clone())));
    }

    /// Says one sentence for people, such as an event of the scenario as it happens.
    pub(crate) fn say(&self, sentence: impl Into<String>) {
        let _ = self.0.try_send(Told::Sentence(sentence.into()));
    }
}

impl Watching {
    /// Begins to watch; nothing is shown when `quiet`. The hub's process may be another one later: `hub` is looked at anew
    /// every second.
    pub(crate) fn start(quiet: bool, state: State, hub: HubPid) -> Self {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let shared = Arc::new(Mutex::new(state));
        let (bell, rung) = sync_channel(1);
        let kept = Arc::clone(&shared);
        let keeper = std::thread::spawn(move || keep(&receiver, &kept, hub, &bell));
        let drawn = Arc::clone(&shared);
        let drawer = (!quiet).then(|| std::thread::spawn(move || screen::show(&rung, &drawn)));
        Watching { teller: Teller(sender), shared, keeper, drawer }
    }

    /// A hand for those who have something to tell.
    pub(crate) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// The state, for those who show it elsewhere.
    pub(crate) fn shared(&self) -> Shared {
        Arc::clone(&self.shared)
    }

    /// Ends the view. Every teller must be gone by now.
    pub(crate) fn finish(self) {
        drop(self.teller);
        let _ = self.keeper.join();
        if let Some(drawer) = self.drawer {
            let _ = drawer.join();
        }
    }
}

fn keep(receiver: &Receiver<Told>, shared: &Shared, hub: HubPid, bell: &SyncSender<()>) {
    let mut look = usage::Look::new(hub, Clock::start());
    for told in receiver {
        match told {
            Told::Moment(live) => {
                // Before the lock: reading two processes may take longer than a reader should wait.
                let used = look.now();
                let mut state = lock(shared);
                state.note(&live);
                if let Some(used) = used {
                    state.used = used;
                }
            }
            Told::Sentence(sentence) => lock(shared).say(&sentence),
        }
        let _ = bell.try_send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_kept_even_when_nothing_is_shown() {
        let watching = Watching::start(true, State::new("A run", 7), HubPid::default());
        let teller = watching.teller();
        let shared = watching.shared();
        teller.tell(&Live { at_s: 1.0, of_s: 70.0, phase: "warm-up".into(), ..Live::default() });
        teller.say("hub-stop 1s: begun");
        drop(teller);
        watching.finish();
        let mut state = lock(&shared);
        assert_eq!(state.newest.phase, "warm-up");
        assert_eq!(state.take_said(), ["    1 s  phase warm-up", "hub-stop 1s: begun"]);
        assert!(state.used.harness.is_some_and(|u| u.rss_bytes > 0), "{:?}", state.used);
        assert!(state.used.hub.is_none(), "no hub was named");
    }

    #[test]
    fn telling_never_waits_for_a_keeper_that_does_not_keep_up() {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let teller = Teller(sender);
        for _ in 0..10 * WAITING_MAX {
            teller.tell(&Live::default());
        }
        drop(teller);
        assert_eq!(receiver.into_iter().count(), WAITING_MAX);
    }
}
