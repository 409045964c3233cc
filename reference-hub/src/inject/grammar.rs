//! The text of an injection plan: rules divided by `;`, each a fault, its argument, and options.
//!
//! Called by the command line (`--inject`) and by the admin address. Pure. Says of every fault where it stands, what was
//! got and what is allowed; all of them at once.
//!
//! ```text
//! delay 50ms p=0.1 op=pds-retrieve; delay 50ms..250ms; error 503 p=0.01; stall 2s every=30s; reset p=0.001;
//! lose p=0.001 op=mesh-send; slow-body 10KB/s op=mesh-download; work 25us
//! ```

use super::{FAULTS, Fault, Plan, Rule, shape};
use crate::operation::OPERATIONS;
use std::time::Duration;

/// Longest text of a plan, in bytes. 16 KiB: some hundred rules, more than a day can be bad in.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Rules in a plan. Each costs every request some nanoseconds.
const RULES_MAX: usize = 100;

/// Longest delay, stall or period: no client waits longer, and a drain must end.
const TIME_MAX: Duration = Duration::from_secs(600);

/// Most processor time that a request may be made to cost: it holds a thread of the hub for so long.
const WORK_MAX: Duration = Duration::from_secs(1);

/// Units of time.
const TIMES: &[(&str, f64)] = &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0)];
/// Units of a rate.
const RATES: &[(&str, f64)] = &[("B/s", 1.0), ("KB/s", 1e3), ("MB/s", 1e6)];

/// Reads a plan; `place` begins every message.
///
/// # Errors
/// One sentence for every fault in the text.
pub fn parse(place: &str, text: &str) -> Result<Plan, Vec<String>> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(vec![format!("{place}: too long, got {} bytes, allowed {TEXT_BYTES_MAX}", text.len())]);
    }
    let mut faults = Vec::new();
    let mut rules = Vec::new();
    let written = text.split(';').map(str::trim).filter(|rule| !rule.is_empty());
    for (nth, rule) in written.enumerate() {
        if nth == RULES_MAX {
            faults.push(format!("{place}: too many rules, allowed {RULES_MAX}"));
            break;
        }
        let mut reader =
            Reader { place: format!("{place}: rule {} (`{rule}`)", nth + 1), faults: &mut faults };
        rules.extend(reader.rule(rule));
    }
    if faults.is_empty() { Ok(Plan { text: text.trim().to_owned(), rules }) } else { Err(faults) }
}

struct Reader<'a> {
    place: String,
    faults: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn fault(&mut self, what: &str, got: &str, allowed: &str) {
        self.faults.push(format!("{}: {what}, got {got:?}, allowed: {allowed}", self.place));
    }

    fn rule(&mut self, text: &str) -> Option<Rule> {
        let mut words = text.split_whitespace();
        let word = words.next()?;
        let rest: Vec<&str> = words.collect();
        let (arguments, options): (Vec<&str>, Vec<&str>) = rest.iter().partition(|w| !w.contains('='));
        if !FAULTS.contains(&word) {
            self.fault("unknown fault", word, &FAULTS.join(", "));
            return None;
        }
        let argument = match arguments.as_slice() {
            [] => None,
            [one] => Some(*one),
            [_, more, ..] => {
                self.fault("one word too many", more, "one argument, then options NAME=VALUE");
                return None;
            }
        };
        let options = self.options(word, &options);
        let fault = self.named(word, argument, options.every);
        Some(Rule::new(fault?, options.odds?, options.operations))
    }

    fn named(&mut self, word: &str, argument: Option<&str>, every: Option<Duration>) -> Option<Fault> {
        match word {
            "delay" => {
                let text = self.needed(word, argument, "a time such as 50ms, or two such as 50ms..250ms")?;
                let (least, most) = text.split_once("..").unwrap_or((text, text));
                let (least, most) = (self.time(word, least), self.time(word, most));
                let (least, most) = (least?, most?);
                if most < least {
                    self.fault("delay: the longest time is below the shortest", text, "SHORTEST..LONGEST");
                    return None;
                }
                Some(Fault::Delay(least, most))
            }
            "error" => {
                let text = self.needed(word, argument, &statuses())?;
                let status = text.parse().ok().filter(|s| shape::STATUSES.contains(s));
                if status.is_none() {
                    self.fault("error: not a status of a bad day", text, &statuses());
                }
                status.map(Fault::Error)
            }
            "stall" => {
                let text = self.needed(word, argument, "a time such as 2s")?;
                let length = self.time(word, text)?;
                match every {
                    Some(every) if every > length => Some(Fault::Stall(length, every)),
                    Some(_) => {
                        self.fault("stall: every is not longer than the stall", text, "STALL < every");
                        None
                    }
                    None => {
                        self.fault("stall: no period", text, "every=TIME, such as every=30s");
                        None
                    }
                }
            }
            "slow-body" => {
                let text = self.needed(word, argument, "a rate such as 10KB/s")?;
                let rate = scaled(text, RATES).filter(|rate| (1.0..=1e9).contains(rate));
                if rate.is_none() {
                    self.fault("slow-body: not a rate", text, "1B/s to 1000MB/s");
                }
                rate.map(|rate| Fault::SlowBody(rate as u64))
            }
            "work" => {
                let text = self.needed(word, argument, "a time such as 25us")?;
                let time = self.time(word, text)?;
                if time > WORK_MAX {
                    let allowed = format!("up to {}s of processor time", WORK_MAX.as_secs());
                    self.fault("work: too long", text, &allowed);
                    return None;
                }
                Some(Fault::Work(time))
            }
            _ => {
                if let Some(text) = argument {
                    self.fault(&format!("{word}: takes no argument"), text, "options NAME=VALUE only");
                    return None;
                }
                Some(if word == "reset" { Fault::Reset } else { Fault::Lose })
            }
        }
    }

    fn needed<'t>(&mut self, word: &str, argument: Option<&'t str>, allowed: &str) -> Option<&'t str> {
        if argument.is_none() {
            self.fault(&format!("{word}: no argument"), "", allowed);
        }
        argument
    }

    fn time(&mut self, word: &str, text: &str) -> Option<Duration> {
        let found = scaled(text, TIMES).filter(|s| *s > 0.0 && *s <= TIME_MAX.as_secs_f64());
        if found.is_none() {
            let allowed = format!("1us to {}s, in us, ms, s or m", TIME_MAX.as_secs());
            self.fault(&format!("{word}: not a time"), text, &allowed);
        }
        found.map(Duration::from_secs_f64)
    }

    fn options(&mut self, word: &str, options: &[&str]) -> Options {
        let mut read = Options { odds: Some(u64::MAX), operations: Vec::new(), every: None };
        let mut seen: Vec<&str> = Vec::new();
        for option in options {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            if seen.contains(&name) {
                self.fault("an option stands twice", name, "each once");
            }
            seen.push(name);
            match name {
                "p" => {
                    let share = value.parse::<f64>().ok().filter(|p| *p > 0.0 && *p <= 1.0);
                    if share.is_none() {
                        self.fault("p: not a probability", value, "above 0, up to 1");
                    }
                    // u64::MAX as f64 rounds up; the cast back saturates, so p=1 means always.
                    read.odds = share.map(|p| (p * u64::MAX as f64) as u64);
                }
                "op" => read.operations = self.operations(value),
                "every" if word == "stall" => read.every = self.time("every", value),
                _ => self.fault("unknown option", name, "p=SHARE, op=NAME[,NAME…], every=TIME (of a stall)"),
            }
        }
        read
    }

    fn operations(&mut self, value: &str) -> Vec<String> {
        let mut out = Vec::new();
        for name in value.split(',') {
            let known = match name.strip_suffix('*') {
                Some(start) => OPERATIONS.iter().any(|o| o.name.starts_with(start)),
                None => OPERATIONS.iter().any(|o| o.name == name),
            };
            if known {
                out.push(name.to_owned());
            } else {
                let names: Vec<&str> = OPERATIONS.iter().map(|o| o.name).collect();
                self.fault(
                    "op: no such operation",
                    name,
                    &format!("{}, or a beginning and *", names.join(", ")),
                );
            }
        }
        out
    }
}

struct Options {
    odds: Option<u64>,
    operations: Vec<String>,
    every: Option<Duration>,
}

fn statuses() -> String {
    let all: Vec<String> = shape::STATUSES.iter().map(u16::to_string).collect();
    all.join(", ")
}

/// A number with a unit, in the first unit's base.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<f64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_rule_is_read() {
        let text = "delay 50ms p=0.5 op=pds-retrieve; delay 1.5s..2m; error 503; stall 2s every=30s; reset;\n\
                    lose op=mesh-*; slow-body 10KB/s op=mesh-download,mesh-send; work 25us;";
        let plan = parse("--inject", text).unwrap();
        let faults: Vec<Fault> = plan.rules.iter().map(|r| r.fault).collect();
        let ms = Duration::from_millis;
        assert_eq!(
            faults,
            [
                Fault::Delay(ms(50), ms(50)),
                Fault::Delay(ms(1_500), ms(120_000)),
                Fault::Error(503),
                Fault::Stall(ms(2_000), ms(30_000)),
                Fault::Reset,
                Fault::Lose,
                Fault::SlowBody(10_000),
                Fault::Work(Duration::from_micros(25)),
            ]
        );
        assert_eq!(plan.rules[0].odds, u64::MAX / 2 + 1);
        assert_eq!(plan.rules[6].operations, ["mesh-download", "mesh-send"]);
        assert!(parse("--inject", " ;; ").unwrap().rules.is_empty());
    }

    #[test]
    fn all_faults_are_told_at_once_with_place_got_and_allowed() {
        let text = "delya 5ms; delay 5 p=2; error 418; stall 2s; reset 5; slow-body 0B/s; reset op=pds-nothing q=1; \
                    delay 9s..1s; delay 1s 2s; delay; stall 5s every=2s; reset p=0.1 p=0.2";
        let faults = parse("--inject", text).unwrap_err();
        let expected = [
            (
                "rule 1 (`delya 5ms`)",
                "got \"delya\", allowed: delay, error, stall, reset, lose, slow-body, work",
            ),
            ("rule 2", "p: not a probability, got \"2\", allowed: above 0, up to 1"),
            ("rule 2", "delay: not a time, got \"5\", allowed: 1us to 600s"),
            ("rule 3", "got \"418\", allowed: 408, 429, 500, 502, 503, 504"),
            ("rule 4", "no period"),
            ("rule 5", "takes no argument, got \"5\""),
            ("rule 6", "not a rate, got \"0B/s\""),
            ("rule 7", "no such operation, got \"pds-nothing\", allowed: pds-retrieve, "),
            ("rule 7", "unknown option, got \"q\""),
            ("rule 8", "below the shortest"),
            ("rule 9", "one word too many, got \"2s\""),
            ("rule 10", "delay: no argument"),
            ("rule 11", "not longer than the stall"),
            ("rule 12", "stands twice, got \"p\""),
        ];
        for (place, what) in expected {
            let told =
                faults.iter().any(|f| f.starts_with(&format!("--inject: {place}")) && f.contains(what));
            assert!(told, "{place}: {what}: not in {faults:#?}");
        }
        assert!(parse("x", &"a".repeat(TEXT_BYTES_MAX + 1)).unwrap_err()[0].contains("too long"));
    }
}
