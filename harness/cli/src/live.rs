//! Live progress on stderr: one line that renews itself on a terminal, a line every ten seconds elsewhere.
//! A thread of its own writes it, so that a slow terminal never delays a send.

use harness::engine::Live;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Seconds between lines where stderr is not a terminal.
const LOG_EVERY_S: f64 = 10.0;

/// The progress line.
pub struct Progress {
    sender: Option<SyncSender<Live>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show progress, or nothing at all when `quiet`.
    pub fn start(quiet: bool) -> Self {
        if quiet {
            return Progress { sender: None, thread: None };
        }
        let (sender, receiver) = sync_channel(1);
        let thread = std::thread::spawn(move || show(&receiver));
        Progress { sender: Some(sender), thread: Some(thread) }
    }

    /// Tells of a moment; dropped when the writer is still busy with the last one.
    pub fn tell(&self, live: &Live) {
        if let Some(sender) = &self.sender {
            let _ = sender.try_send(live.clone());
        }
    }

    /// Ends the line.
    pub fn finish(mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn show(receiver: &Receiver<Live>) {
    let terminal = std::io::stderr().is_terminal();
    let mut next_log_s = 0.0;
    let mut shown = false;
    for live in receiver {
        let mut err = std::io::stderr().lock();
        if terminal {
            let _ = write!(err, "\r\x1b[2K{}", line(&live));
            let _ = err.flush();
            shown = true;
        } else if live.at_s >= next_log_s {
            let _ = writeln!(err, "{}", line(&live));
            next_log_s = live.at_s + LOG_EVERY_S;
        }
    }
    if shown {
        let _ = writeln!(std::io::stderr());
    }
}

fn line(live: &Live) -> String {
    let ms = |ns: u64| ns as f64 / 1e6;
    let second = live.second.as_ref().map_or(String::new(), |s| {
        format!(
            "  {}/s  response p50 {:.2} ms  p99 {:.2} ms",
            s.answered,
            ms(s.response_p50_ns),
            ms(s.response_p99_ns)
        )
    });
    let c = live.counts;
    let trouble = if c.failed + c.dropped > 0 {
        format!("  failed {}  dropped {}", c.failed, c.dropped)
    } else {
        String::new()
    };
    format!(
        "{:>4.0} s of {:.0} s  {}  sent {}  in flight {}  waiting {}{second}{trouble}",
        live.at_s, live.of_s, live.phase, c.sent, live.in_flight, live.waiting
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_trouble_only_when_there_is_some() {
        let mut live = Live { at_s: 12.0, of_s: 70.0, phase: "peak".into(), ..Live::default() };
        assert!(!line(&live).contains("failed"));
        live.counts.failed = 2;
        assert!(line(&live).contains("failed 2  dropped 0"));
    }
}
