//! What the hub says on stderr: one line an event, as text for people or as JSON for a log collector.
//!
//! Called by every part of the hub that has something to say; nothing else may write there. Lines name what happened and
//! never whom it concerned: no NHS number, no name, no token, no body. [`access`] is the optional line for every answer.
//! A module of its own, not `tracing`: that would bring a dozen packages for spans, filters and subscribers, while this
//! hub says a dozen different sentences.

pub mod access;

use crate::clock;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `hub: SENTENCE`; whoever keeps the log adds the time.
    #[default]
    Text,
    /// `{"at":…,"level":…,"event":…,"message":…}`.
    Json,
}

/// How much is said: a line of this level and of all above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Something is lost or wrong, and an operator must look.
    Error,
    /// It went well this time.
    Warn,
    /// What an operator wants to see once.
    #[default]
    Info,
    /// For whoever looks for a fault.
    Debug,
}

impl Level {
    /// The level's word.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Formats with their words on the command line.
pub const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];
/// Levels with their words on the command line.
pub const LEVELS: &[(&str, Level)] =
    &[("error", Level::Error), ("warn", Level::Warn), ("info", Level::Info), ("debug", Level::Debug)];

// Stderr is the process's, so how to write there is too.
static FORMAT: AtomicU8 = AtomicU8::new(0);
static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);

/// Sets how lines look and how much is said, for the whole process.
pub fn set(format: Format, level: Level) {
    FORMAT.store(format as u8, Relaxed);
    LEVEL.store(level as u8, Relaxed);
}

fn format() -> Format {
    if FORMAT.load(Relaxed) == Format::Json as u8 { Format::Json } else { Format::Text }
}

/// Something is lost or wrong. `event` is a stable name for machines, `sentence` is for people.
pub fn error(event: &str, sentence: &str) {
    say(Level::Error, event, sentence);
}

/// Something is odd.
pub fn warn(event: &str, sentence: &str) {
    say(Level::Warn, event, sentence);
}

/// Something happened that an operator wants to see once.
pub fn info(event: &str, sentence: &str) {
    say(Level::Info, event, sentence);
}

/// For whoever looks for a fault.
pub fn debug(event: &str, sentence: &str) {
    say(Level::Debug, event, sentence);
}

/// Lines written in one second at most. 100: a fault that every request meets would otherwise be told 25,000 times a
/// second, and a slow reader of stderr would hold up the threads that answer.
const LINES_PER_S_MAX: u64 = 100;

fn say(level: Level, event: &str, sentence: &str) {
    if level as u8 > LEVEL.load(Relaxed) {
        return;
    }
    let at_ms = clock::now_ms();
    let Some(left_out) = BUDGET.take(at_ms / 1_000) else { return };
    let format = format();
    let mut lines = String::new();
    if left_out > 0 {
        let sentence = format!("{left_out} lines were left out, being more than {LINES_PER_S_MAX} a second");
        lines += &line(format, at_ms, Level::Warn, "log-flooded", &sentence);
    }
    lines += &line(format, at_ms, level, event, sentence);
    static WRITER: LazyLock<Writer> = LazyLock::new(|| Writer::over(std::io::stderr()));
    WRITER.write(lines);
}

/// Lines that wait for a slow reader of stderr; what comes then is left out. 128: more than a second brings.
const WAITING_MAX: usize = 128;

/// How long whoever says something waits for it to be written, so that it is there when the process ends next. 100 ms:
/// a reader that takes longer is not waited for again until it reads.
const WRITE_TIME: Duration = Duration::from_millis(100);

/// Writes lines on a thread of its own: a reader of stderr that stops must hold up no request and no stop.
struct Writer {
    lines: SyncSender<(String, SyncSender<()>)>,
    stuck: Arc<AtomicBool>,
}

impl Writer {
    fn over(mut out: impl Write + Send + 'static) -> Writer {
        let (lines, waiting) = sync_channel::<(String, SyncSender<()>)>(WAITING_MAX);
        let stuck = Arc::new(AtomicBool::new(false));
        let at_work = Arc::clone(&stuck);
        // Without the thread the channel is closed, and every line left out; nobody could be told.
        let _ = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            for (line, done) in waiting {
                // Nobody can be told that stderr is gone.
                let _ = out.write_all(line.as_bytes());
                at_work.store(false, Relaxed);
                let _ = done.try_send(());
            }
        });
        Writer { lines, stuck }
    }

    fn write(&self, line: String) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send((line, done)).is_err() {
            BUDGET.left_out.fetch_add(1, Relaxed);
        } else if !self.stuck.load(Relaxed) && written.recv_timeout(WRITE_TIME).is_err() {
            self.stuck.store(true, Relaxed);
        }
    }
}

/// How many lines this second still takes.
struct Budget {
    second: AtomicU64,
    said: AtomicU64,
    left_out: AtomicU64,
}

static BUDGET: Budget =
    Budget { second: AtomicU64::new(0), said: AtomicU64::new(0), left_out: AtomicU64::new(0) };

impl Budget {
    /// Room for a line in `second`, with the number of lines left out before; `None` when there is no room. Threads that
    /// race at the turn of a second may say a line more or less.
    fn take(&self, second: u64) -> Option<u64> {
        if self.second.swap(second, Relaxed) != second {
            self.said.store(0, Relaxed);
        }
        if self.said.fetch_add(1, Relaxed) >= LINES_PER_S_MAX {
            self.left_out.fetch_add(1, Relaxed);
            return None;
        }
        Some(self.left_out.swap(0, Relaxed))
    }
}

/// One line, with its line feed.
fn line(format: Format, at_ms: u64, level: Level, event: &str, sentence: &str) -> String {
    match format {
        Format::Text => format!("hub: {}\n", sentence.replace('\n', "; ")),
        Format::Json => {
            let (at, level) = (timestamp(at_ms), level.word());
            let line = serde_json::json!({"at": at, "level": level, "event": event, "message": sentence});
            format!("{line}\n")
        }
    }
}

/// RFC 3339 in UTC with milliseconds.
pub fn timestamp(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_is_one_line_with_time_level_event_and_message() {
        let text = line(Format::Json, 1_767_225_600_123, Level::Warn, "fsync-slow", "line\none \"two\"");
        assert_eq!(text.matches('\n').count(), 1);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["at"], "2026-01-01T00:00:00.123Z");
        assert_eq!((json["level"].as_str(), json["event"].as_str()), (Some("warn"), Some("fsync-slow")));
        assert_eq!(json["message"], "line\none \"two\"");
        assert_eq!(line(Format::Text, 0, Level::Info, "x", "two\nlines"), "hub: two; lines\n");
    }

    #[test]
    fn a_flood_of_lines_is_cut_and_counted() {
        let budget =
            Budget { second: AtomicU64::new(0), said: AtomicU64::new(0), left_out: AtomicU64::new(0) };
        let said = (0..LINES_PER_S_MAX + 30).filter(|_| budget.take(7).is_some()).count();
        assert_eq!(said as u64, LINES_PER_S_MAX);
        assert_eq!(budget.take(8), Some(30), "the next line says how many were left out");
        assert_eq!(budget.take(8), Some(0));
    }

    #[test]
    fn a_reader_that_stops_holds_up_nobody_and_gets_what_waited_when_it_reads_again() {
        /// Takes nothing until it may, and tells what it took.
        struct Stopped(std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<String>);
        impl Write for Stopped {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let _ = self.0.recv();
                let _ = self.1.send(String::from_utf8_lossy(bytes).into_owned());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (may, waits) = std::sync::mpsc::channel();
        let (tells, told) = std::sync::mpsc::channel();
        let writer = Writer::over(Stopped(waits, tells));
        let watch = clock::Stopwatch::start();
        (0..10 * WAITING_MAX).for_each(|n| writer.write(n.to_string()));
        assert!(watch.elapsed() < Duration::from_secs(10), "only the first line is waited for");
        drop(may);
        let mut taken = Vec::new();
        while let Ok(line) = told.recv_timeout(Duration::from_secs(1)) {
            taken.push(line);
        }
        assert!((WAITING_MAX..=WAITING_MAX + 1).contains(&taken.len()), "{}", taken.len());
        assert_eq!((taken[0].as_str(), taken[9].as_str()), ("0", "9"));
        writer.write("again".to_owned());
        assert_eq!(told.try_recv().as_deref(), Ok("again"), "it was waited for");
    }
}
