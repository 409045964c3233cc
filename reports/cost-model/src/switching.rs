//! Switching values: how far one assumption must go, all else central and costs with optimism bias, until an option saves
//! nothing on cash alone. Called by the command line and the tests.
//!
//! Sought on the central value's own side of zero, from a hundredth of it to a hundred times it: beyond zero a price, a
//! share or a rate is another thing, not a more extreme one, and an assumption of 0 has no such range. Of several
//! switching values the one nearest to the central value counts. Where the result steps over 0, as it does when a further
//! node is needed, the switching value is the first after the step.

use crate::NodeId;
use crate::appraisal::{Appraisal, Switching};

/// How far from the central value is sought, as a factor either way.
const FARTHEST: f64 = 100.0;
/// Steps of the scan either way, each a factor of 1.023: two changes of sign within one step stay unseen.
const STEPS: usize = 200;
/// Parts that a bracket is cut into at a time: 32 lanes cost little more than one.
const PARTS: usize = 32;
/// Cuts at most: ten take a step of the scan below the last digit, the rest is for brackets that hold no number.
const CUTS_MAX: usize = 20;

/// One row for each assumption that the option's NPSV on cash alone rests on, in the order of the model; none for the
/// baseline, which saves nothing against itself whatever is assumed.
pub fn switching(appraisal: &Appraisal, option: usize) -> Vec<Switching> {
    if option == appraisal.baseline {
        return Vec::new();
    }
    let needed = appraisal.graph.needed_for(&[appraisal.options[option].npsv_cash]);
    let all = 0..appraisal.assumptions.len();
    let rests_on = all.filter(|at| needed[appraisal.assumptions[*at].given.index()]);
    rests_on.map(|at| sought(appraisal, option, at, &needed)).collect()
}

/// The switching value of one assumption, by its index in the model, for an option.
pub fn switching_of(appraisal: &Appraisal, option: usize, assumption: usize) -> Switching {
    let needed = appraisal.graph.needed_for(&[appraisal.options[option].npsv_cash]);
    sought(appraisal, option, assumption, &needed)
}

fn sought(appraisal: &Appraisal, option: usize, assumption: usize, needed: &[bool]) -> Switching {
    let given = appraisal.assumptions[assumption].given;
    let search = Search { appraisal, given, npsv: appraisal.options[option].npsv_cash, needed };
    let central = appraisal.values.one(given);
    Switching { option, assumption, central, value: search.from(central) }
}

/// One assumption under search.
struct Search<'a> {
    appraisal: &'a Appraisal,
    given: NodeId,
    npsv: NodeId,
    needed: &'a [bool],
}

impl Search<'_> {
    fn from(&self, central: f64) -> Option<f64> {
        if sign(self.appraisal.values.one(self.npsv)) == 0 {
            return Some(central);
        }
        let scan = |way: f64| {
            let step = move |step: usize| central * FARTHEST.powf(way * step as f64 / STEPS as f64);
            let points: Vec<f64> = (0..=STEPS).map(step).collect();
            self.change(&points)
        };
        let steps_to = |bracket: &(f64, f64)| (bracket.1 / central).ln().abs();
        let found = [scan(1.0), scan(-1.0)].into_iter().flatten();
        found.min_by(|a, b| steps_to(a).total_cmp(&steps_to(b))).map(|bracket| self.narrowed(bracket))
    }

    /// The first value after the change of sign, to the last digit.
    fn narrowed(&self, (mut near, mut far): (f64, f64)) -> f64 {
        for _ in 0..CUTS_MAX {
            let points: Vec<f64> =
                (0..=PARTS).map(|part| near + (far - near) * (part as f64 / PARTS as f64)).collect();
            match self.change(&points) {
                Some(bracket) if bracket != (near, far) => (near, far) = bracket,
                _ => break,
            }
        }
        far
    }

    /// The last point with the sign of the first, and the next that has another; points without a number are passed over.
    fn change(&self, points: &[f64]) -> Option<(f64, f64)> {
        let values = self.appraisal.graph.evaluate_lanes(points.len(), &[(self.given, points)], self.needed);
        let npsv = values.lanes(self.npsv).next()?;
        let mut known = points.iter().zip(&npsv).filter(|(_, npsv)| npsv.is_finite());
        let (first, npsv) = known.next()?;
        let (own, mut near) = (sign(*npsv), *first);
        for (point, npsv) in known {
            if sign(*npsv) != own {
                return Some((near, *point));
            }
            near = *point;
        }
        None
    }
}

fn sign(npsv: f64) -> i8 {
    i8::from(npsv > 0.0) - i8::from(npsv < 0.0)
}
