//! Benefits of a model: money, staff time, or words. Types only: read by `benefits_read`, valued by `crate::build`.

use crate::expr::Expr;

/// Class of a benefit (DHSC comprehensive investment appraisal model).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BenefitClass {
    /// Cash-releasing.
    Crb,
    /// Monetised, but releases no cash.
    Ncrb,
    /// To society.
    Sb,
    /// Not monetised: words only.
    Ub,
}

/// One benefit.
#[derive(Debug, Clone, PartialEq)]
pub struct Benefit {
    /// Name.
    pub id: String,
    /// What a reader calls it.
    pub label: String,
    /// Options that bring it.
    pub options: Vec<String>,
    /// Class.
    pub class: BenefitClass,
    /// What brings it.
    pub kind: BenefitKind,
    /// Share that is realised.
    pub realisation: Expr<String>,
    /// Share reached in each year; the last goes on.
    pub ramp: Vec<f64>,
    /// Evidence that cash is really released; demanded of staff time as CRB.
    pub cash_evidence: String,
    /// Remark; may be empty.
    pub comment: String,
    /// Line in the model file.
    pub line: usize,
}

/// What a benefit is.
#[derive(Debug, Clone, PartialEq)]
pub enum BenefitKind {
    /// Money a year.
    Amount(Expr<String>),
    /// Waiting time of staff.
    StaffTime(Box<StaffTime>),
    /// Words only.
    Unmonetised(String),
}

/// Waiting time that staff are spared.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffTime {
    /// An interaction, or `attended`: every attended interaction of the measured mix, a row each.
    pub interaction: String,
    /// Who waits.
    pub role: String,
    /// Messages a year, in `message/yr`; of all interactions when `interaction` is `attended`.
    pub volume: Expr<String>,
    /// Share of them that a person waits for.
    pub attended: Expr<String>,
    /// Share of those waits in which the person can do nothing else.
    pub blocking: Expr<String>,
    /// Seconds before, in `s/message`; `None` takes the baseline file's row.
    pub before: Option<Expr<String>>,
    /// Seconds now, in `s/message`; `None` takes the run.
    pub now: Option<Expr<String>>,
    /// How a wait counts in the benefit's value; all three rules are printed.
    pub rule: crate::Rule,
    /// Value of an hour, in money per `h`.
    pub hourly: Expr<String>,
    /// The same at full unit cost, the high sensitivity; `None` leaves it out.
    pub hourly_full: Option<Expr<String>>,
}
