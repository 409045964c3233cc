//! The explanation as people read it in a terminal: the curve first, then the figures. Pure.

use super::draw::{self, number, time};
use super::{Explanation, JourneyExpected, UsersExpected};
use std::fmt;

/// Bytes in the unit that rates of data are told in.
const MB: f64 = 1e6;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\nasks    {}\nload    {}\n", self.title, self.target, self.load)?;
        let drawn = self.drawing();
        if !drawn.is_empty() {
            writeln!(f, "{}\n", drawn.join("\n"))?;
        }
        self.phases(f)?;
        if self.arrivals > 0.0 {
            self.totals(f)?;
        }
        self.mix(f)?;
        self.parts(f)?;
        if !self.not_replayed.is_empty() {
            let sum: f64 = self.not_replayed.iter().map(|n| n.share).sum();
            writeln!(f, "\nNot yet replayed, {:.2} % in all, handed out in proportion:", sum * 100.0)?;
            for n in &self.not_replayed {
                writeln!(f, "  {:>7.4} %  {} ({})", n.share * 100.0, n.row, n.why)?;
            }
        }
        list(f, "Needs", self.needs.iter().cloned())?;
        list(f, "Budgets", self.budgets.iter().cloned())
    }
}

impl Explanation {
    /// The curve in characters, with what is not measured and what happens; no lines when nothing is planned.
    fn drawing(&self) -> Vec<String> {
        let mut unmeasured = Vec::new();
        let mut at_s = 0.0;
        for p in &self.phases {
            if !p.measured {
                unmeasured.push((at_s, at_s + p.duration_s));
            }
            at_s += p.duration_s;
        }
        let events: Vec<(f64, String)> = self.events.iter().map(|e| (e.at_s, e.text.clone())).collect();
        draw::draw(&self.curve, &unmeasured, &events)
    }

    fn phases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "phase                       seconds     from/s       to/s     most/s     requests")?;
        for p in &self.phases {
            let name = if p.measured { p.name.clone() } else { format!("{} (not measured)", p.name) };
            writeln!(
                f,
                "{name:<26} {:>8.1} {:>10.1} {:>10.1} {:>10.1} {:>12.0}",
                p.duration_s, p.from_per_s, p.to_per_s, p.most_per_s, p.arrivals
            )?;
        }
        for p in self.phases.iter().filter(|p| p.lapse > 1.0) {
            writeln!(
                f,
                "Time-lapse in {}: a second of the run stands for {}; rates are true, the stay is shorter.",
                p.name,
                time(p.lapse)
            )?;
        }
        Ok(())
    }

    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{} requests in all. Mean of the measured phases {:.1}/s: {} an hour, {} million a day, {} million a month.",
            number(self.arrivals.round()),
            self.rate_per_s,
            number(self.per_hour.round()),
            number(self.per_day / 1e6),
            number(self.per_month / 1e6),
        )?;
        let requests = format!("{:.2} MB/s of requests", self.sent_bytes_per_s / MB);
        match self.answered_bytes_per_s {
            Some(bytes) => writeln!(
                f,
                "{requests}; {:.2} MB/s of answers, by the published sizes of {:.0} % of them.",
                bytes / MB,
                self.answered_share_known * 100.0
            ),
            None => writeln!(f, "{requests}; the mix does not say how large the answers are."),
        }
    }

    fn mix(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ninteraction                   share %   requests     per hour      per day   bytes")?;
        for i in &self.interactions {
            writeln!(
                f,
                "{:<28} {:>8.4} {:>10.0} {:>12.0} {:>12.0} {:>7.0}",
                i.name,
                i.share * 100.0,
                i.arrivals,
                i.per_hour,
                i.per_day,
                i.request_bytes
            )?;
        }
        Ok(())
    }

    fn parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, "Journeys", self.journeys.iter().map(journey))?;
        list(f, "Users", self.users.iter().map(users))?;
        list(f, "Events", self.events.iter().map(|e| format!("{:>10}  {}", time(e.at_s), e.text)))
    }
}

fn list(f: &mut fmt::Formatter<'_>, heading: &str, lines: impl Iterator<Item = String>) -> fmt::Result {
    for (i, line) in lines.enumerate() {
        if i == 0 {
            writeln!(f, "\n{heading}:")?;
        }
        writeln!(f, "  {line}")?;
    }
    Ok(())
}

fn journey(j: &JourneyExpected) -> String {
    let steps = j.steps.iter().map(|(name, pause_s)| match *pause_s > 0.0 {
        true => format!("({} later) {name}", time(*pause_s)),
        false => name.clone(),
    });
    let begun = match j.begun > 0.0 {
        true => format!(", {} begun", number(j.begun.round())),
        false => String::new(),
    };
    format!(
        "{}: {}{begun}, {} % of all requests",
        j.name,
        steps.collect::<Vec<_>>().join(" -> "),
        number(j.share * 100.0)
    )
}

fn users(u: &UsersExpected) -> String {
    let does = u.does.iter().map(|(name, weight)| format!("{name} {} %", number(weight * 100.0)));
    let session = u.session_s.map_or(String::new(), |s| format!(", sessions of {}", time(s)));
    let begins = match u.begins.is_empty() {
        true => String::new(),
        false => format!(", each begun with {}", u.begins.join(", ")),
    };
    let does = does.collect::<Vec<_>>().join(", ");
    format!(
        "{} {}, {} more a second, {} to {} to think{session}{begins}{}{does}",
        number(f64::from(u.count)),
        u.name,
        number(u.hatch_per_s),
        time(u.think_s.0),
        time(u.think_s.1),
        if does.is_empty() { "" } else { ": " },
    )
}
