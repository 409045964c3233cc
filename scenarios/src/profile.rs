//! A profile: how a week's or a day's traffic spreads over days and hours, from a CSV. Read by `read_phases`, laid out by
//! `shape`. It knows shares only; how many messages they are shares of, a phase says.

use crate::document::Log;
use crate::fault::{Fault, list};
use crate::library::Found;

/// Days of a week, from the day it begins with here.
pub(crate) const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Hours of a day.
const HOURS: usize = 24;
/// Hours of a week.
pub(crate) const HOURS_PER_WEEK: u64 = 168;
/// Weeks in a mean month: twelve months have 365 days.
const WEEKS_PER_MONTH: f64 = 365.0 / 12.0 / 7.0;
/// How far the shares of a file may be from 1: published shares are rounded to three or four places. They are taken in
/// proportion, so that their sum is 1 exactly.
const SHARE_SUM_TOLERANCE: f64 = 0.005;
/// Columns of a profile. The first three have to be there.
const COLUMNS: [&str; 5] = ["kind", "name", "share", "grade", "source"];
/// Columns without which a profile says nothing.
const COLUMNS_NEEDED: usize = 3;
/// What the beginning of a phase looks like, for messages.
pub(crate) const MOMENT_FORM: &str =
    "a day and a time, e.g. monday 08:00, or a time where the profile has no days";

/// How traffic spreads over a week.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    /// Shares of the days from Monday, which sum to 1; `None` when all days are alike.
    days: Option<[f64; DAYS.len()]>,
    /// Shares of the hours from midnight, which sum to 1.
    hours: [f64; HOURS],
}

impl Profile {
    /// Whether its days differ.
    pub(crate) fn has_days(&self) -> bool {
        self.days.is_some()
    }

    /// Mean rate in an hour, counted from Monday midnight and on into the next weeks, when a mean month has `month` messages.
    pub(crate) fn rate_per_s(&self, hour: u64, month: f64) -> f64 {
        let hour = (hour % HOURS_PER_WEEK) as usize;
        let day = self.days.map_or(1.0 / DAYS.len() as f64, |d| d[hour / HOURS]);
        month / WEEKS_PER_MONTH * day * self.hours[hour % HOURS] / 3_600.0
    }
}

/// Reads `monday 08:00` or `08:00` as minutes since Monday midnight, or since midnight with `false`.
pub(crate) fn parse_moment(text: &str) -> Option<(u64, bool)> {
    let (day, time) = match text.trim().split_once(' ') {
        Some((day, time)) => (Some(DAYS.iter().position(|d| d.eq_ignore_ascii_case(day))?), time.trim()),
        None => (None, text.trim()),
    };
    let (hour, minute) = time.split_once(':')?;
    let two = |text: &str, below: u64| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok())?.filter(|n| *n < below)
    };
    let minutes = two(hour, HOURS as u64)? * 60 + two(minute, 60)?;
    Some((day.unwrap_or(0) as u64 * 24 * 60 + minutes, day.is_some()))
}

/// Reads a profile file; `None` when something is wrong, which the log then says.
pub(crate) fn read_csv(found: &Found, log: &Log) -> Option<Profile> {
    let before = log.count();
    let fault = |line: usize, what: &str, problem: &str| Fault::new(&found.file, line, what, problem);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(found.text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|h| h.trim().to_owned()).collect(),
        Err(e) => {
            log.push(fault(1, "", &format!("is not CSV: {e}")));
            return None;
        }
    };
    for name in header.iter().filter(|h| !COLUMNS.contains(&h.as_str())) {
        log.push(fault(1, "", "unknown column").got(name).allowed(list(COLUMNS)));
    }
    for name in COLUMNS[..COLUMNS_NEEDED].iter().filter(|c| !header.iter().any(|h| h == *c)) {
        log.push(fault(1, name, "column is missing"));
    }
    if log.count() > before {
        return None;
    }
    let hour_names: Vec<String> = (0..HOURS).map(|h| format!("{h:02}")).collect();
    let mut days = Shares::new("day", DAYS.iter().map(|d| (*d).to_owned()).collect());
    let mut hours = Shares::new("hour", hour_names);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(e) => {
                let line = e.position().map_or(1, |p| p.line() as usize);
                log.push(fault(line, "", &format!("is not CSV: {e}")));
                continue;
            }
        };
        let line = record.position().map_or(1, |p| p.line() as usize);
        if record.len() != header.len() {
            let problem = "row has another number of fields than the header";
            log.push(fault(line, "", problem).got(record.len()).allowed(header.len().to_string()));
            continue;
        }
        let text = |column: &str| {
            let at = header.iter().position(|h| h == column);
            at.and_then(|at| record.get(at)).map(str::trim).unwrap_or("")
        };
        let shares = match text("kind") {
            "day" => &mut days,
            "hour" => &mut hours,
            other => {
                log.push(fault(line, "kind", "unknown value").got(other).allowed("day, hour"));
                continue;
            }
        };
        let share = text("share").parse::<f64>().ok().filter(|n| (0.0..=1.0).contains(n));
        if share.is_none() {
            log.push(fault(line, "share", "not a number in range").got(text("share")).allowed("0 to 1"));
        }
        match shares.names.iter().position(|n| n == text("name")) {
            None => {
                log.push(fault(line, "name", "unknown value").got(text("name")).allowed(list(&shares.names)))
            }
            Some(at) if shares.found[at].is_some() => {
                log.push(fault(line, "name", "stands in two rows").got(text("name")));
            }
            Some(at) => shares.found[at] = Some(share.unwrap_or(0.0)),
        }
    }
    if log.count() > before {
        return None;
    }
    let whole_days = days.found.iter().any(Option::is_some).then(|| days.whole(&found.file, log));
    let hours = hours.whole(&found.file, log)?;
    Some(Profile {
        days: match whole_days {
            None => None,
            Some(days) => Some(days?.try_into().ok()?),
        },
        hours: hours.try_into().ok()?,
    })
}

/// The shares of one kind while they are read.
struct Shares {
    kind: &'static str,
    names: Vec<String>,
    found: Vec<Option<f64>>,
}

impl Shares {
    fn new(kind: &'static str, names: Vec<String>) -> Self {
        let found = vec![None; names.len()];
        Shares { kind, names, found }
    }

    /// All of them, so that their sum is 1.
    fn whole(&self, file: &str, log: &Log) -> Option<Vec<f64>> {
        let gone = self.names.iter().zip(&self.found).filter(|(_, f)| f.is_none()).map(|(n, _)| n);
        let gone = list(gone);
        if !gone.is_empty() {
            let problem = format!("not every {} has a row", self.kind);
            log.push(Fault::new(file, 1, "name", problem).allowed(format!("rows for these too: {gone}")));
            return None;
        }
        let sum: f64 = self.found.iter().flatten().sum();
        if (sum - 1.0).abs() > SHARE_SUM_TOLERANCE {
            let problem = format!("the shares of kind {} do not sum to 1", self.kind);
            log.push(
                Fault::new(file, 1, "share", problem).got(format!("{sum:.6}")).allowed("0.995 to 1.005"),
            );
            return None;
        }
        Some(self.found.iter().flatten().map(|share| share / sum).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Profile>, Vec<String>) {
        let log = Log::default();
        let profile = read_csv(&Found { file: "p.csv".into(), text: text.to_owned().into() }, &log);
        (profile, log.take().iter().map(ToString::to_string).collect())
    }

    /// The profile that comes with the product.
    pub(crate) fn published() -> Profile {
        let text = crate::built_in::find("profiles/week.csv").unwrap();
        let (profile, faults) = read(text);
        profile.unwrap_or_else(|| panic!("{faults:?}"))
    }

    fn hours() -> String {
        let share = 1.0 / 24.0;
        (0..24).map(|h| format!("hour,{h:02},{share}\n")).collect()
    }

    #[test]
    fn at_400_million_a_month_the_busiest_hour_of_tuesday_has_541_a_second() {
        let rate = published().rate_per_s(24 + 9, 400e6);
        assert!((rate - 541.3).abs() < 0.1, "{rate}");
    }

    #[test]
    fn a_week_has_its_part_of_the_month() {
        let profile = published();
        let total: f64 = (0..HOURS_PER_WEEK).map(|h| profile.rate_per_s(h, 400e6) * 3_600.0).sum();
        assert!((total - 400e6 * 12.0 * 7.0 / 365.0).abs() < 1.0, "{total}");
        assert_eq!(profile.rate_per_s(3, 400e6), profile.rate_per_s(3 + 2 * HOURS_PER_WEEK, 400e6));
    }

    #[test]
    fn a_profile_without_days_has_seven_alike() {
        let (profile, faults) = read(&format!("kind,name,share\n{}", hours()));
        assert!(faults.is_empty(), "{faults:?}");
        let profile = profile.unwrap();
        assert!(!profile.has_days());
        let rates = [0, 30, 167].map(|h| profile.rate_per_s(h, 400e6));
        assert!(rates.iter().all(|r| (r - 152.207).abs() < 0.001), "{rates:?}");
    }

    #[test]
    fn every_bad_row_is_reported_with_its_line() {
        let text = format!(
            "kind,name,share\n{}week,01,0.1\nday,funday,0.1\nday,monday,1.5\nday,tuesday,much\nhour,01,0.1\nhour,02\n",
            hours()
        );
        assert_eq!(
            read(&text).1,
            [
                "p.csv:26: kind: unknown value, got \"week\", allowed: day, hour",
                "p.csv:27: name: unknown value, got \"funday\", allowed: monday, tuesday, wednesday, thursday, \
                 friday, saturday, sunday",
                "p.csv:28: share: not a number in range, got \"1.5\", allowed: 0 to 1",
                "p.csv:29: share: not a number in range, got \"much\", allowed: 0 to 1",
                "p.csv:30: name: stands in two rows, got \"01\"",
                "p.csv:31: row has another number of fields than the header, got \"2\", allowed: 3",
            ]
        );
    }

    #[test]
    fn wrong_columns_gaps_and_sums_are_reported() {
        assert_eq!(
            read("kind,name,weight\n").1,
            [
                "p.csv:1: unknown column, got \"weight\", allowed: kind, name, share, grade, source",
                "p.csv:1: share: column is missing"
            ]
        );
        assert_eq!(
            read(&format!("kind,name,share\n{}day,monday,1\n", hours().replace("hour,23,", "hour,22,"))).1,
            ["p.csv:25: name: stands in two rows, got \"22\""]
        );
        let all = hours();
        let (short, _) = all.split_once("hour,23,").unwrap();
        assert_eq!(
            read(&format!("kind,name,share\n{short}day,monday,1\n")).1,
            [
                "p.csv:1: name: not every day has a row, allowed: rows for these too: tuesday, wednesday, thursday, \
                 friday, saturday, sunday",
                "p.csv:1: name: not every hour has a row, allowed: rows for these too: 23",
            ]
        );
        assert_eq!(
            read(&format!("kind,name,share\n{}hour,23,0.1\n", short)).1,
            [
                "p.csv:1: share: the shares of kind hour do not sum to 1, got \"1.058333\", allowed: 0.995 to 1.005"
            ]
        );
        assert!(read("\"").1[0].starts_with("p.csv:1: "), "half a quoted field is no profile");
    }

    #[test]
    fn moments_of_a_week_are_read() {
        assert_eq!(parse_moment("monday 00:00"), Some((0, true)));
        assert_eq!(parse_moment("Tuesday 09:30"), Some((24 * 60 + 9 * 60 + 30, true)));
        assert_eq!(parse_moment("23:59"), Some((23 * 60 + 59, false)));
        for text in ["", "monday", "mon 08:00", "monday 8:00", "24:00", "08:60", "08", "monday 08:00 am"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }
}
