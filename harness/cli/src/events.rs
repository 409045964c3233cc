//! Does to the system under test what the scenario says, when it says so, and writes down what came of it.
//!
//! Called by `run`. A thread of its own does it, so that no send ever waits for an event. An event that fails is a sentence
//! in its row, and the run goes on.

use harness::child::Server;
use harness::clock::Clock;
use run_record::EventRow;
use scenarios::{Action, Event};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows a sentence to whoever watches.
pub type Say = Box<dyn Fn(String) + Send>;

/// Gives the hub rules of injected faults; `off` ends them.
pub type Inject = Box<dyn Fn(&str) -> Result<(), String> + Send>;

/// The word that ends injection.
const OFF: &str = "off";

enum Word {
    Begin(Clock),
    End,
}

/// The events of a run, under way.
pub struct Events {
    words: Sender<Word>,
    rows: Receiver<Vec<EventRow>>,
    thread: Option<JoinHandle<Option<Server>>>,
}

impl Events {
    /// Makes ready; nothing happens before [`Events::begin`]. `server` is the hub where it is a child of ours.
    /// `say` is told of each event as it begins and ends.
    pub fn start(events: Vec<Event>, server: Option<Server>, inject: Inject, say: Say) -> Self {
        let (words, heard) = channel();
        let (said, rows) = channel();
        let thread = std::thread::spawn(move || {
            let mut doer = Doer { server, inject, say, injecting: false, heard };
            // The receiver is gone when nobody waits for the rows any more.
            let _ = said.send(doer.run(&events));
            doer.server
        });
        Events { words, rows, thread: Some(thread) }
    }

    /// The plan has started, by this clock. Does not wait.
    pub fn begin(&self, clock: Clock) {
        let _ = self.words.send(Word::Begin(clock));
    }

    /// The plan is over: waits until what is under way is done, so that the hub is there again, and gives what happened.
    /// An event whose time has not come does not happen.
    pub fn settle(&self) -> Vec<EventRow> {
        let _ = self.words.send(Word::End);
        self.rows.recv().unwrap_or_default()
    }

    /// Hands the hub back.
    pub fn finish(mut self) -> Option<Server> {
        let _ = self.words.send(Word::End);
        self.thread.take().and_then(|thread| thread.join().ok().flatten())
    }
}

struct Doer {
    server: Option<Server>,
    inject: Inject,
    say: Say,
    injecting: bool,
    heard: Receiver<Word>,
}

impl Doer {
    fn run(&mut self, events: &[Event]) -> Vec<EventRow> {
        let Ok(Word::Begin(clock)) = self.heard.recv() else { return Vec::new() };
        let mut rows = Vec::with_capacity(events.len());
        let mut ended = false;
        for event in events {
            ended = ended || self.ended_before(event.at, &clock);
            let at_s = event.at.as_secs_f64();
            let mut row = EventRow { text: event.text.clone(), at_s, began_s: at_s, ..EventRow::default() };
            if ended {
                row.fault = Some("the run was over before its time".to_owned());
            } else {
                (self.say)(format!("{:.1} s  {}", clock.now_ns() as f64 / 1e9, event.text));
                let began_ns = clock.now_ns();
                let (done, over) = self.act(&event.action);
                ended = over;
                row.began_s = began_ns as f64 / 1e9;
                row.took_s = clock.now_ns().saturating_sub(began_ns) as f64 / 1e9;
                row.fault = done.err();
                let how = row.fault.as_deref().unwrap_or("done");
                (self.say)(format!(
                    "{:.1} s  {}: {how}, took {:.2} s",
                    row.began_s + row.took_s,
                    event.text,
                    row.took_s
                ));
            }
            rows.push(row);
        }
        if self.injecting {
            // What is looked up after the run is looked up without faults.
            let _ = (self.inject)(OFF);
        }
        rows
    }

    /// Waits for a moment of the plan; true when the plan is over first.
    fn ended_before(&self, at: Duration, clock: &Clock) -> bool {
        loop {
            let left = at.saturating_sub(Duration::from_nanos(clock.now_ns()));
            if left.is_zero() {
                return false;
            }
            if self.over_within(left) {
                return true;
            }
        }
    }

    fn over_within(&self, time: Duration) -> bool {
        !matches!(self.heard.recv_timeout(time), Err(RecvTimeoutError::Timeout) | Ok(Word::Begin(_)))
    }

    /// Acts; true beside it when the plan was over in the meantime.
    fn act(&mut self, action: &Action) -> (Result<(), String>, bool) {
        if let Action::Inject(rules) = action {
            let done = (self.inject)(rules);
            if done.is_ok() {
                self.injecting = rules.trim() != OFF;
            }
            return (done, false);
        }
        let Some(mut server) = self.server.take() else {
            return (
                Err("the hub is not a child of this run, so it cannot be stopped or started".into()),
                false,
            );
        };
        let (done, over) = self.to(&mut server, action);
        self.server = Some(server);
        (done, over)
    }

    fn to(&self, server: &mut Server, action: &Action) -> (Result<(), String>, bool) {
        if !server.alive() {
            let gone = "the hub had ended by itself before";
            return match server.again() {
                Ok(()) => (Err(format!("{gone}; it was started again")), false),
                Err(sentence) => (Err(format!("{gone}, and did not come back: {sentence}")), false),
            };
        }
        match action {
            Action::HubKill => (server.kill().and_then(|()| server.again()), false),
            Action::HubRestart => {
                // Also one that ended badly has to come back.
                let (ended, back) = (server.end(), server.again());
                (ended.and(back), false)
            }
            Action::HubStop(time) => {
                if let Err(sentence) = server.freeze() {
                    return (Err(sentence), false);
                }
                let over = self.over_within(*time);
                (server.thaw(), over)
            }
            Action::Inject(_) => (Ok(()), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::sync::{Arc, Mutex};

    /// A process that keeps the contract of a server here.
    fn server() -> Server {
        let script = r#"echo "listens on http://127.0.0.1:45679"; cat >/dev/null"#;
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Server::start(command).expect("starts")
    }

    fn event(at_ms: u64, text: &str, action: Action) -> Event {
        Event { at: Duration::from_millis(at_ms), action, text: text.into() }
    }

    fn no_injection() -> Inject {
        Box::new(|_| Err("not asked for".into()))
    }

    #[test]
    fn events_happen_in_order_at_their_times_and_the_hub_is_there_again_at_the_end() {
        let server = server();
        let (first, watch) = (server.pid(), server.pid_watch());
        let events = Events::start(
            vec![
                event(50, "hub-kill", Action::HubKill),
                event(150, "hub-stop 100ms", Action::HubStop(Duration::from_millis(100))),
                event(300, "hub-restart", Action::HubRestart),
            ],
            Some(server),
            no_injection(),
            Box::new(|_| {}),
        );
        let clock = Clock::start();
        events.begin(clock);
        while clock.now_ns() < 600_000_000 {
            harness::clock::sleep(Duration::from_millis(10));
        }
        let rows = events.settle();
        assert_eq!(
            rows.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(),
            ["hub-kill", "hub-stop 100ms", "hub-restart"]
        );
        for row in &rows {
            assert!(
                row.began_s >= row.at_s && row.began_s < row.at_s + 0.2 && row.fault.is_none(),
                "{row:?}"
            );
        }
        assert!((0.1..0.3).contains(&rows[1].took_s), "{rows:?}");
        let mut server = events.finish().expect("handed back");
        assert!(server.alive() && server.pid() != first);
        assert_eq!(watch.load(std::sync::atomic::Ordering::Relaxed), server.pid());
        server.stop().expect("stops");
    }

    #[test]
    fn the_end_of_the_run_ends_a_freeze_and_injection_and_what_was_not_due_yet_does_not_happen() {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = Arc::clone(&told);
        let inject: Inject = Box::new(move |rules| {
            hears.lock().expect("whole").push(rules.to_owned());
            Ok(())
        });
        let events = Events::start(
            vec![
                event(0, "inject error 503", Action::Inject("error 503".into())),
                event(10, "hub-stop 60s", Action::HubStop(Duration::from_secs(60))),
                event(60_000, "hub-kill", Action::HubKill),
            ],
            Some(server()),
            inject,
            Box::new(|_| {}),
        );
        events.begin(Clock::start());
        harness::clock::sleep(Duration::from_millis(200));
        let rows = events.settle();
        assert!(rows[0].fault.is_none() && rows[1].took_s < 1.0, "{rows:?}");
        assert!(rows[2].fault.as_ref().is_some_and(|f| f.contains("over before")), "{rows:?}");
        assert_eq!(*told.lock().expect("whole"), ["error 503", "off"]);
        events.finish().expect("handed back").stop().expect("is not frozen any more");
    }

    #[test]
    fn an_event_that_fails_says_so_and_the_next_one_still_happens() {
        let mut server = server();
        server.kill().expect("killed");
        let events = Events::start(
            vec![
                event(0, "hub-kill", Action::HubKill),
                event(1, "inject nonsense", Action::Inject("nonsense".into())),
                event(2, "hub-kill", Action::HubKill),
            ],
            Some(server),
            no_injection(),
            Box::new(|_| {}),
        );
        events.begin(Clock::start());
        harness::clock::sleep(Duration::from_millis(500));
        let faults: Vec<Option<String>> = events.settle().into_iter().map(|r| r.fault).collect();
        assert!(faults[0].as_ref().is_some_and(|f| f.contains("ended by itself")), "{faults:?}");
        assert_eq!((&faults[1], &faults[2]), (&Some("not asked for".into()), &None));
        events.finish().expect("handed back").stop().expect("stops");
        let events = Events::start(
            vec![event(0, "hub-kill", Action::HubKill)],
            None,
            no_injection(),
            Box::new(|_| {}),
        );
        events.begin(Clock::start());
        harness::clock::sleep(Duration::from_millis(100));
        assert!(events.settle()[0].fault.as_ref().is_some_and(|f| f.contains("not a child")));
        assert!(events.finish().is_none());
    }

    #[test]
    fn a_run_that_never_begins_hands_the_hub_back() {
        let events = Events::start(
            vec![event(0, "hub-kill", Action::HubKill)],
            Some(server()),
            no_injection(),
            Box::new(|_| {}),
        );
        let mut server = events.finish().expect("handed back");
        assert!(server.alive());
    }
}
