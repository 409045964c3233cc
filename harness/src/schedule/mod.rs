//! Is what the engine was handed what the scenario asked for? A check of the planned arrivals while they are planned.
//!
//! Fed with every arrival in the order of the plan; pure, and constant in memory for any length of run. It is blind to how
//! the plan is made: it knows only the rates that were asked for and what the kind of arrivals dictates. Counts in windows
//! of at least [`WINDOW_NS`] are compared with what the rate expects of each, so ramps need no special case:
//! `X = sum((n - e)^2 / e)` over the windows is chi-square for Poisson arrivals, a known multiple of it for batches, and
//! nearly zero for even spacing. `X` over the number of windows is the index of dispersion.

use scenarios::{Arrivals, Scenario};

/// Shortest window, nanoseconds: the length at which callers of a service notice bursts.
pub const WINDOW_NS: u64 = 100_000_000;
/// Arrivals (for batches: batches) that a window must expect at least, or it is made longer: below five, counts are too
/// coarse for chi-square.
const EXPECTED_MIN: f64 = 5.0;
/// Windows below which nothing is said: the test has no power over fewer.
const WINDOWS_MIN: u64 = 10;
/// How far out a result must lie to be called garbage, in standard deviations of a normal: one sound run in a million is
/// called wrong (both sides together), as many runs are made and each false alarm costs one.
const Z: f64 = 4.8916;

/// How arrivals should be spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spaced {
    /// Independent of each other.
    Poisson,
    /// Evenly.
    Constant,
    /// In batches of geometric size at Poisson instants.
    Bursty {
        /// The index of dispersion, above 1.
        dispersion: f64,
    },
    /// As recorded: nothing is known beforehand but order and phase.
    Recorded,
}

/// A straight piece of the rate that was asked for; pieces follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Index of the phase it belongs to; ascending.
    pub phase: usize,
    /// Length, nanoseconds.
    pub duration_ns: u64,
    /// Arrivals per second at its start.
    pub from_per_s: f64,
    /// Arrivals per second at its end.
    pub to_per_s: f64,
}

impl Asked {
    /// Arrivals expected in its first `ns` nanoseconds.
    fn expected_in(&self, ns: u64) -> f64 {
        let x = ns as f64 / self.duration_ns.max(1) as f64;
        let seconds = ns as f64 / 1e9;
        seconds * (self.from_per_s + (self.to_per_s - self.from_per_s) * x / 2.0)
    }
}

/// The rates and the spacing that a scenario of the open model asks for. Arrivals are fewer than requests where some of
/// them begin journeys.
pub fn asked_by(scenario: &Scenario) -> (Vec<Asked>, Spaced) {
    let arrivals_per_request: f64 = scenario.items.iter().map(|i| i.share).sum();
    let pieces =
        scenario.phases.iter().enumerate().flat_map(|(phase, p)| p.pieces.iter().map(move |q| (phase, q)));
    let asked = pieces.map(|(phase, piece)| Asked {
        phase,
        duration_ns: scenarios::nanoseconds(piece.duration),
        from_per_s: piece.rate.from_per_s * arrivals_per_request,
        to_per_s: piece.rate.to_per_s * arrivals_per_request,
    });
    let spaced = match scenario.load.arrivals {
        Arrivals::Poisson => Spaced::Poisson,
        Arrivals::Constant => Spaced::Constant,
        Arrivals::Bursty { dispersion } => Spaced::Bursty { dispersion },
        Arrivals::Trace => Spaced::Recorded,
    };
    (asked.collect(), spaced)
}

/// A phase whose arrivals were too many or too few.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrongCount {
    /// Index of the phase.
    pub phase: usize,
    /// Arrivals in it.
    pub got: u64,
    /// Arrivals that its rate asks for.
    pub expected: f64,
}

/// What the check found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScheduleSeen {
    /// Arrivals looked at.
    pub arrivals: u64,
    /// Arrivals due before the one handed out ahead of them.
    pub unordered: u64,
    /// When the first of those was due, nanoseconds from the start of the plan.
    pub unordered_first_ns: u64,
    /// Arrivals due outside the phase they say they belong to.
    pub outside: u64,
    /// When the first of those was due, nanoseconds from the start of the plan.
    pub outside_first_ns: u64,
    /// Phases with a wrong number of arrivals; none are told of a run that was cut short.
    pub counts: Vec<WrongCount>,
    /// Windows compared.
    pub windows: u64,
    /// Index of dispersion over those windows; `None` when there were too few of them or nothing is known beforehand.
    pub dispersion: Option<f64>,
    /// Between which values it should lie, to one false alarm in a million runs.
    pub dispersion_allowed: (f64, f64),
}

impl ScheduleSeen {
    /// Whether the index of dispersion is one that the kind of arrivals allows.
    pub fn spaced_as_asked(&self) -> bool {
        let (from, to) = self.dispersion_allowed;
        self.dispersion.is_none_or(|d| (from..=to).contains(&d))
    }
}

/// The check under way.
#[derive(Debug, Clone)]
pub struct ScheduleCheck {
    asked: Vec<Asked>,
    spaced: Spaced,
    expected_min: f64,
    /// Begin, end, arrivals expected and seen of each phase.
    phases: Vec<(u64, u64, f64, u64)>,
    seen: ScheduleSeen,
    last_ns: u64,
    /// The open window: where it ends, what was expected in it up to there, arrivals in it, piece ends in it.
    window_end_ns: u64,
    expected: f64,
    count: u64,
    edges: u64,
    /// The piece the window's end lies in, and where that piece starts.
    piece: usize,
    piece_start_ns: u64,
    /// Sum of `(n - e)^2 / e`, sum of `1 / e`, and what even spacing allows of the first.
    x: f64,
    inverse: f64,
    even_x_max: f64,
}

impl ScheduleCheck {
    /// A check against the rates asked for, in arrivals a second (not requests, where an arrival begins a journey).
    pub fn new(asked: Vec<Asked>, spaced: Spaced) -> Self {
        let mut phases: Vec<(u64, u64, f64, u64)> = Vec::new();
        let mut at_ns = 0u64;
        for a in &asked {
            if phases.len() <= a.phase {
                phases.resize(a.phase + 1, (at_ns, at_ns, 0.0, 0));
            }
            at_ns = at_ns.saturating_add(a.duration_ns);
            phases[a.phase].1 = at_ns;
            phases[a.phase].2 += a.expected_in(a.duration_ns);
        }
        let mut check = ScheduleCheck {
            asked,
            expected_min: match spaced {
                Spaced::Bursty { dispersion } => EXPECTED_MIN * (dispersion + 1.0) / 2.0,
                _ => EXPECTED_MIN,
            },
            spaced,
            phases,
            seen: ScheduleSeen::default(),
            last_ns: 0,
            window_end_ns: 0,
            expected: 0.0,
            count: 0,
            edges: 0,
            piece: 0,
            piece_start_ns: 0,
            x: 0.0,
            inverse: 0.0,
            even_x_max: 0.0,
        };
        check.open_window();
        check
    }

    /// An arrival was planned for `planned_ns` from the start of the plan, in this phase.
    pub fn planned(&mut self, planned_ns: u64, phase: usize) {
        let s = &mut self.seen;
        s.arrivals += 1;
        if planned_ns < self.last_ns {
            if s.unordered == 0 {
                s.unordered_first_ns = planned_ns;
            }
            s.unordered += 1;
        }
        let inside = match self.phases.get_mut(phase) {
            Some((from_ns, to_ns, _, count)) => {
                *count += 1;
                (*from_ns..=*to_ns).contains(&planned_ns)
            }
            None => false,
        };
        if !inside {
            if s.outside == 0 {
                s.outside_first_ns = planned_ns;
            }
            s.outside += 1;
        }
        self.last_ns = self.last_ns.max(planned_ns);
        if self.spaced == Spaced::Recorded {
            return;
        }
        while planned_ns >= self.window_end_ns && self.piece < self.asked.len() {
            self.close_window();
            self.open_window();
        }
        self.count += 1;
    }

    /// Moves the window's end on until it is long enough and expects enough, or the plan is over.
    fn open_window(&mut self) {
        (self.expected, self.count, self.edges) = (0.0, 0, 0);
        while self.expected < self.expected_min && self.piece < self.asked.len() {
            let mut left_ns = WINDOW_NS;
            while let (true, Some(a)) = (left_ns > 0, self.asked.get(self.piece)) {
                let in_piece_ns = self.window_end_ns - self.piece_start_ns;
                let step_ns = left_ns.min(a.duration_ns - in_piece_ns);
                self.expected += a.expected_in(in_piece_ns + step_ns) - a.expected_in(in_piece_ns);
                self.window_end_ns += step_ns;
                left_ns -= step_ns;
                if in_piece_ns + step_ns == a.duration_ns {
                    self.piece_start_ns += a.duration_ns;
                    self.piece += 1;
                    self.edges += 1;
                }
            }
        }
    }

    fn close_window(&mut self) {
        if self.expected < self.expected_min {
            return;
        }
        let off = self.count as f64 - self.expected;
        self.x += off * off / self.expected;
        self.inverse += 1.0 / self.expected;
        // Even spacing is off by rounding at both ends of the window and at each piece that begins in it.
        let rounded = 2.0 + self.edges as f64;
        self.even_x_max += rounded * rounded / self.expected;
        self.seen.windows += 1;
    }

    /// What was found; `whole` unless the run was cut short, as then the last phases have too few arrivals rightly.
    pub fn finish(mut self, whole: bool) -> ScheduleSeen {
        if self.spaced == Spaced::Recorded {
            return self.seen;
        }
        if whole {
            self.close_window();
            while self.piece < self.asked.len() {
                self.open_window();
                self.close_window();
            }
            self.seen.counts = self.wrong_counts();
        }
        let windows = self.seen.windows as f64;
        if self.seen.windows >= WINDOWS_MIN {
            self.seen.dispersion = Some(self.x / windows);
            let (least, most) = self.limits();
            self.seen.dispersion_allowed = (least / windows, most / windows);
        }
        self.seen
    }

    fn wrong_counts(&self) -> Vec<WrongCount> {
        let pieces = |phase| self.asked.iter().filter(|a| a.phase == phase).count() as f64;
        let each = self.phases.iter().enumerate();
        each.filter_map(|(phase, &(_, _, expected, got))| {
            // Each piece may round its own share; batches may besides leave the total to chance.
            let chance = match self.spaced {
                Spaced::Bursty { dispersion } => Z * (dispersion * expected).sqrt(),
                _ => 0.0,
            };
            let off = (got as f64 - expected).abs();
            (off > 1.0 + pieces(phase) / 2.0 + chance).then_some(WrongCount { phase, got, expected })
        })
        .collect()
    }

    /// Between what the sum may lie.
    fn limits(&self) -> (f64, f64) {
        let windows = self.seen.windows as f64;
        let (dispersion, fourth) = match self.spaced {
            Spaced::Constant | Spaced::Recorded => return (0.0, self.even_x_max),
            Spaced::Poisson => (1.0, 1.0),
            Spaced::Bursty { dispersion } => (dispersion, batches_fourth(dispersion)),
        };
        // Totals that are kept exactly take a degree of freedom each: none at least, one of every piece at most.
        let least_free = (windows - self.asked.len() as f64).max(0.0);
        let spread = |free: f64| 2.0 * free + fourth * self.inverse;
        let upper = scaled_chi_square(windows, spread(windows), Z);
        let lower =
            if least_free < 1.0 { 0.0 } else { scaled_chi_square(least_free, spread(least_free), -Z) };
        (dispersion * lower, dispersion * upper)
    }
}

/// Quantile, `z` standard deviations out, of a chi-square that is scaled to have this mean and variance (Wilson and
/// Hilferty's cube root: exact to a part in a hundred this far out).
fn scaled_chi_square(mean: f64, variance: f64, z: f64) -> f64 {
    let scale = variance / (2.0 * mean);
    let free = mean / scale;
    let c = 2.0 / (9.0 * free);
    scale * free * (1.0 - c + z * c.sqrt()).max(0.0).powi(3)
}

/// What batches of geometric size add to the variance of the sum, times the arrivals expected: the size's fourth moment
/// over its first and the square of the dispersion. A mean size of `(D + 1) / 2` gives the dispersion `D`.
fn batches_fourth(dispersion: f64) -> f64 {
    let p = 2.0 / (dispersion + 1.0);
    let fourth = (24.0 - 36.0 * p + 14.0 * p * p - p.powi(3)) / p.powi(4);
    fourth * p / (dispersion * dispersion)
}

#[cfg(test)]
mod tests;
