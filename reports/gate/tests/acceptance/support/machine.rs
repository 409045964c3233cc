//! A simulated machine: how much slower it is than usual, tenth of a second by tenth. Slow drift, quick drift, bursts, and
//! neighbours' jobs, over a wall clock that only goes on.

use super::random::Random;

/// Tenths of a second that a trial measures.
pub const SLOTS: usize = 40;
/// Seconds of a slot.
const SLOT_S: f64 = 0.1;
/// How long slow drift remembers, seconds.
const SLOW_S: f64 = 300.0;
/// How long quick drift remembers, seconds.
const QUICK_S: f64 = 0.5;
/// How long a neighbour's job takes, seconds.
const JOB_S: f64 = 20.0;

/// How noisy a machine is. All standard deviations are of natural logarithms of times.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Of a fresh process, all its interactions together.
    pub process: f64,
    /// Of a fresh process, each interaction by itself.
    pub own: f64,
    /// Of the slow drift.
    pub slow: f64,
    /// Of the quick drift.
    pub quick: f64,
    /// Of how much wider times lie while a trial runs, relative; heavy-tailed. Moves p99, hardly p50.
    pub width: f64,
    /// How much slower a burst is, as a factor; how long; how often (mean seconds between two).
    pub burst: (f64, f64, f64),
    /// How much slower a neighbour's job makes it, from and to; how often.
    pub job: (f64, f64, f64),
}

/// Run-to-run deviation of ln p50 and ln p99: 3.5 % and 7 %.
pub const QUIET: Noise = Noise {
    process: 0.0195,
    own: 0.0152,
    slow: 0.0247,
    quick: 0.01,
    width: 0.026,
    burst: (1.6, 0.1, 60.0),
    job: (0.05, 0.05, 600.0),
};
/// 5.8 % and 9 %.
pub const MEDIUM: Noise = Noise {
    process: 0.0325,
    own: 0.025,
    slow: 0.041,
    quick: 0.017,
    width: 0.034,
    burst: (1.7, 0.15, 40.0),
    job: (0.05, 0.10, 400.0),
};
/// 9.1 % and 14 %.
pub const NOISY: Noise = Noise {
    process: 0.0495,
    own: 0.041,
    slow: 0.0644,
    quick: 0.075,
    width: 0.10,
    burst: (1.8, 0.2, 20.0),
    job: (0.05, 0.15, 200.0),
};

impl Noise {
    /// With another part of a process's variance (usually half of all that runs differ by) that two trials do not share.
    pub fn per_process(self, part: f64) -> Noise {
        let factor = (part / 0.5).sqrt();
        Noise { process: self.process * factor, own: self.own * factor, ..self }
    }
}

/// What a trial meets.
pub struct Weather {
    /// How much slower than usual, as a logarithm, slot by slot.
    pub slower: [f32; SLOTS],
    /// How much wider times lie, as a factor.
    pub wider: f32,
}

/// A machine under way.
pub struct Machine {
    noise: Noise,
    now_s: f64,
    slow: f64,
    quick: f64,
    burst: (f64, f64),
    job: (f64, f64),
    job_size: f64,
}

impl Machine {
    pub fn new(noise: Noise, random: &mut Random) -> Machine {
        let mut machine = Machine {
            noise,
            now_s: 0.0,
            slow: noise.slow * random.normal(),
            quick: noise.quick * random.normal(),
            burst: (0.0, 0.0),
            job: (0.0, 0.0),
            job_size: 0.0,
        };
        machine.next_burst(0.0, random);
        machine.next_job(0.0, random);
        machine
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: f64, random: &mut Random) {
        self.now_s += seconds;
        self.slow = drifted(self.slow, self.noise.slow, seconds / SLOW_S, random);
        self.quick = drifted(self.quick, self.noise.quick, seconds / QUICK_S, random);
    }

    /// What a trial that begins now meets; its time passes.
    pub fn trial(&mut self, random: &mut Random) -> Weather {
        let wide = self.noise.width * random.normal() * random.exponential(1.0).sqrt();
        Weather { slower: self.slots(random), wider: (1.0 + wide).max(0.0) as f32 }
    }

    fn slots(&mut self, random: &mut Random) -> [f32; SLOTS] {
        std::array::from_fn(|_| {
            self.wait(SLOT_S, random);
            if self.now_s > self.burst.1 {
                self.next_burst(self.now_s, random);
            }
            if self.now_s > self.job.1 {
                self.next_job(self.now_s, random);
            }
            let within = |(from, to): (f64, f64)| self.now_s >= from && self.now_s < to;
            let burst = if within(self.burst) { self.noise.burst.0.ln() } else { 0.0 };
            let job = if within(self.job) { self.job_size.ln_1p() } else { 0.0 };
            (self.slow + self.quick + burst + job) as f32
        })
    }

    fn next_burst(&mut self, after_s: f64, random: &mut Random) {
        let from = after_s + random.exponential(self.noise.burst.2);
        self.burst = (from, from + self.noise.burst.1);
    }

    fn next_job(&mut self, after_s: f64, random: &mut Random) {
        let from = after_s + random.exponential(self.noise.job.2);
        self.job = (from, from + JOB_S);
        self.job_size = self.noise.job.0 + (self.noise.job.1 - self.noise.job.0) * random.uniform();
    }
}

/// An Ornstein–Uhlenbeck process after `time` of its memories.
fn drifted(value: f64, sd: f64, time: f64, random: &mut Random) -> f64 {
    let kept = (-time).exp();
    value * kept + sd * (1.0 - kept * kept).sqrt() * random.normal()
}
