//! The thin edge between the live view and stderr: rows that renew themselves in place on a terminal, a line every ten
//! seconds elsewhere, sentences above both. Runs on a thread of its own, which alone waits for a slow terminal.

use super::draw::{self, Style};
use super::state::State;
use super::{Shared, lock};
use std::io::{IsTerminal, Write};
use std::sync::mpsc::Receiver;

/// Seconds between lines where stderr is not a terminal.
const LOG_EVERY_S: f64 = 10.0;
/// Columns and rows assumed of a terminal that does not tell its size.
const SIZE_ASSUMED: (usize, usize) = (80, 24);
/// Wider rows are harder to read, not richer.
const WIDTH_MAX: usize = 110;

/// Shows the state whenever the bell rings, until there is no bell any more.
pub(super) fn show(rung: &Receiver<()>, shared: &Shared) {
    let terminal = std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
    match terminal {
        true => show_rows(rung, shared),
        false => show_log(rung, shared),
    }
}

fn show_rows(rung: &Receiver<()>, shared: &Shared) {
    let mut screen = Screen::default();
    for () in rung {
        let (width, height) = size();
        let style = Style { width: width.min(WIDTH_MAX), colour: colour(), blocks: blocks() };
        let (said, rows) = seen(shared, style);
        write(&screen.redraw(&said, rows, width, height));
    }
    // What was said last must not be lost with the rows.
    let said = lock(shared).take_said();
    let (width, height) = size();
    write(&screen.redraw(&said, Vec::new(), width, height));
}

fn seen(shared: &Shared, style: Style) -> (Vec<String>, Vec<String>) {
    let mut state = lock(shared);
    (state.take_said(), draw::lines(&state, style))
}

fn show_log(rung: &Receiver<()>, shared: &Shared) {
    let mut log = Log::default();
    for () in rung {
        let text = log.lines(&mut lock(shared));
        write(&text);
    }
    let said = lock(shared).take_said();
    write(&said.iter().map(|s| format!("{s}\n")).collect::<String>());
}

fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Decides which lines a log gets.
#[derive(Debug, Default)]
struct Log {
    next_s: f64,
}

impl Log {
    fn lines(&mut self, state: &mut State) -> String {
        let mut text: String = state.take_said().iter().map(|s| format!("{s}\n")).collect();
        if state.newest.of_s > 0.0 && state.newest.at_s >= self.next_s {
            text += &draw::line(state);
            text.push('\n');
            self.next_s = state.newest.at_s + LOG_EVERY_S;
        }
        text
    }
}

/// The rows that stand on the terminal.
#[derive(Debug, Default)]
struct Screen {
    /// Characters of each row that stands there.
    standing: Vec<usize>,
}

impl Screen {
    /// What to write so that `said` stands above for good and `rows` below it in place of the ones before.
    fn redraw(&mut self, said: &[String], rows: Vec<String>, width: usize, height: usize) -> String {
        // A terminal that became narrower has wrapped what stood there.
        let up: usize = self.standing.iter().map(|length| length.div_ceil(width.max(1)).max(1)).sum();
        let mut text = String::from("\r");
        if up > 0 {
            text += &format!("\x1b[{up}A");
        }
        for row in said {
            text += &format!("{row}\x1b[K\n");
        }
        self.standing.clear();
        // The cursor stands below the last row, so one row of the terminal is not to be had.
        for row in rows.iter().take(height.saturating_sub(1)) {
            text += &format!("{row}\x1b[K\n");
            self.standing.push(visible(row));
        }
        text + "\x1b[J"
    }
}

/// Characters that take a column: all but those of colour escapes.
fn visible(row: &str) -> usize {
    let mut inside = false;
    let shown = |c: &char| {
        let escape = inside || *c == '\x1b';
        inside = escape && *c != 'm';
        !escape
    };
    row.chars().filter(shown).count()
}

/// Columns and rows of the terminal at stderr.
fn size() -> (usize, usize) {
    let told = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    let told = told.filter(|s| s.ws_col > 0 && s.ws_row > 0);
    told.map_or(SIZE_ASSUMED, |s| (usize::from(s.ws_col), usize::from(s.ws_row)))
}

/// Colours unless NO_COLOR is set to something (no-color.org).
fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Block characters where the locale is UTF-8.
fn blocks() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    utf8(["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).as_deref())
}

fn utf8(locale: Option<&str>) -> bool {
    locale.is_some_and(|l| l.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::engine::Live;

    fn rows(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("row {i}")).collect()
    }

    #[test]
    fn rows_are_renewed_in_place_and_sentences_stay_above() {
        let mut screen = Screen::default();
        let first = screen.redraw(&[], rows(3), 80, 24);
        assert!(!first.contains('A'), "nothing stands there yet: {first:?}");
        let second = screen.redraw(&["hub-kill: begun".into()], rows(3), 80, 24);
        assert!(second.starts_with("\r\x1b[3Ahub-kill: begun\x1b[K\nrow 0"), "{second:?}");
        let last = screen.redraw(&[], Vec::new(), 80, 24);
        assert_eq!(last, "\r\x1b[3A\x1b[J", "the rows are taken away at the end");
    }

    #[test]
    fn a_terminal_that_became_narrower_has_wrapped_the_rows() {
        let mut screen = Screen::default();
        screen.redraw(&[], vec!["\x1b[1mx\x1b[0m".repeat(70), "short".into()], 80, 24);
        assert!(screen.redraw(&[], rows(1), 40, 24).starts_with("\r\x1b[3A"));
    }

    #[test]
    fn a_low_terminal_gets_as_many_rows_as_it_holds() {
        let mut screen = Screen::default();
        assert_eq!(screen.redraw(&[], rows(9), 80, 4).matches("row").count(), 3);
        assert!(screen.redraw(&[], rows(9), 80, 4).starts_with("\r\x1b[3A"));
    }

    #[test]
    fn a_log_gets_a_line_every_ten_seconds_and_every_sentence_at_once() {
        let (mut log, mut state) = (Log::default(), State::new("", 1));
        let mut lines = 0;
        for second in 0..30 {
            state.note(&Live { at_s: f64::from(second), of_s: 30.0, ..Live::default() });
            lines += log.lines(&mut state).lines().count();
        }
        assert_eq!(lines, 3);
        state.say("hub-kill: begun");
        assert_eq!(log.lines(&mut state), "hub-kill: begun\n");
    }

    #[test]
    fn the_locale_tells_whether_blocks_can_be_shown() {
        assert!(utf8(Some("en_GB.UTF-8")) && utf8(Some("C.utf8")));
        assert!(!utf8(Some("C")) && !utf8(None));
    }
}
