//! What the live view promises at any width: nothing is wider than the terminal, and no figure is lost at usual ones.

use super::*;
use crate::live::usage::Used;
use harness::engine::Live;
use run_record::{Counts, SecondRow};

fn state() -> State {
    let mut state = State::new("National peak", 42);
    for second in 0..60 {
        let second = SecondRow {
            second,
            planned: 1_812,
            answered: 1_700 + u64::from(second),
            response_p50_ns: 540_000,
            response_p99_ns: if second == 30 { 62_700_000 } else { 6_230_000 },
            response_max_ns: 11_100_000,
            send_lag_p99_ns: 70_000,
            ..SecondRow::default()
        };
        state.note(&Live {
            at_s: 60.4,
            of_s: 130.0,
            phase: "peak".into(),
            counts: Counts { planned: 43_300, sent: 43_200, dropped: 0, answered: 43_100, failed: 0 },
            in_flight: 12,
            second: Some(second),
            ..Live::default()
        });
    }
    state.more.connections = Some(256);
    let hub = Use { cpu_s: 8.0, cores: Some(0.31), rss_bytes: 412 << 20 };
    state.used = Used { hub: Some(hub), harness: Some(Use { cores: Some(0.12), ..hub }) };
    state
}

const PLAIN: Style = Style { width: 100, colour: false, blocks: true };

#[test]
fn every_figure_is_there_at_a_usual_width() {
    let text = lines(&state(), PLAIN).join("\n");
    for figure in [
        "46 %",
        "1 min 00 s of 2 min 10 s, 1 min 10 s left",
        "phase peak",
        "1,759/s answered",
        "1,812/s planned",
        "up to 1,759/s in 60 s",
        "p50 0.540 ms",
        "p99 6.23 ms",
        "max 11.1 ms",
        "send lag p99 0.070 ms",
        "p99 up to 62.7 ms in 60 s",
        "12 in flight",
        "0 waiting",
        "256 connections",
        "43,200 sent",
        "0 failed",
        "hub 31 % core, 412 MiB",
        "harness 12 % core, 412 MiB",
    ] {
        assert!(text.contains(figure), "{figure}:\n{text}");
    }
    assert!(text.contains('█') && text.contains('▁'), "{text}");
}

#[test]
fn nothing_is_wider_than_the_terminal_at_any_width() {
    let mut state = state();
    state.newest.phase =
        "a phase with a very long name, longer than most terminals are wide, and then some".into();
    state.newest.counts.failed = u64::MAX;
    state.newest.of_s = 1e9;
    for width in 1..200 {
        for row in lines(&state, Style { width, ..PLAIN }) {
            assert!(row.chars().count() <= width, "{width}: {row:?}");
        }
    }
}

#[test]
fn forty_columns_still_hold_every_figure() {
    let rows = lines(&state(), Style { width: 40, ..PLAIN });
    let text = rows.join("\n");
    for figure in [
        "46 %",
        "1,759/s answered",
        "p99 6.23 ms",
        "send lag p99 0.070 ms",
        "12 in flight",
        "0 dropped",
        "harness 12 % core, 412 MiB",
    ] {
        assert!(text.contains(figure), "{figure}:\n{text}");
    }
    assert!(rows.len() <= 20, "{} rows:\n{text}", rows.len());
}

#[test]
fn a_run_that_has_only_begun_is_drawn_too() {
    let mut state = State::new("", 1);
    assert_eq!(lines(&state, PLAIN), ["getting ready"]);
    state.note(&Live { of_s: 70.0, ..Live::default() });
    let text = lines(&state, PLAIN).join("\n");
    assert!(text.contains("  0 %") && text.contains("0 sent"), "{text}");
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn trouble_is_coloured_and_no_colour_means_no_escape() {
    let mut state = state();
    state.newest.counts.failed = 2;
    state.newest.waiting = 7;
    state.more.newest_error = Some("status: got 503\x1b[2J, allowed 200".into());
    let coloured = lines(&state, Style { colour: true, ..PLAIN }).join("\n");
    assert!(coloured.contains("\x1b[1;31m2 failed\x1b[0m"), "{coloured:?}");
    assert!(coloured.contains("newest: status: got 503 [2J, allowed 200"), "{coloured:?}");
    assert!(coloured.contains("\x1b[1;31m7 waiting\x1b[0m"), "{coloured:?}");
    assert!(!lines(&state, PLAIN).join("").contains('\x1b'));
}

#[test]
fn a_terminal_without_blocks_gets_plain_characters() {
    let text = lines(&state(), Style { blocks: false, ..PLAIN }).join("\n");
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("#####"), "{text}");
}

#[test]
fn the_small_chart_shows_a_spike_and_scales_from_nothing() {
    assert_eq!(small_chart(&[1.0, 8.0, 4.0, 0.0], 10, true), "▁█▄▁");
    assert_eq!(small_chart(&[1.0, 8.0, 4.0], 2, true), "█▄", "the newest are kept");
    assert_eq!(small_chart(&[0.0, 0.0], 2, true), "▁▁");
    assert_eq!(bar(0.5, 4, true), "██░░");
    assert_eq!(bar(0.53125, 4, true), "██▏░");
    assert_eq!(bar(1.0, 4, false), "####");
}

#[test]
fn the_log_line_names_trouble_only_when_there_is_some() {
    let mut state = state();
    assert!(!line(&state).contains("failed"));
    state.newest.counts.failed = 2;
    let text = line(&state);
    assert!(text.contains("failed 2 dropped 0") && text.contains("60 s of 130 s"), "{text}");
    assert!(!text.contains('\n'));
}
