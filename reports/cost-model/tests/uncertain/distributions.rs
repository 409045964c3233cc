//! Quantiles, means and ends of every distribution against closed forms.

use cost_model::model::Distribution::{self, *};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::close;

/// Points of the mean: the tail of the lognormal beyond the last is under its tolerance.
const POINTS: u32 = 200_000;

fn all() -> Vec<Distribution> {
    vec![
        Pert(1300.0, 1800.0, 3500.0),
        Pert(0.0, 0.26, 0.5),
        Pert(0.0, 0.0, 1.0),
        Pert(-5.0, 7.0, 7.0),
        Triangular(25.0, 30.0, 45.0),
        Triangular(0.0, 0.0, 2.0),
        Uniform(-1.0, 3.0),
        Normal(900.0, 40.0),
        Lognormal(1.5, 4.0),
        Seen(vec![3.0, 1.0, 2.0, 10.0]),
    ]
}

#[test]
fn a_pert_is_the_beta_of_shape_4() {
    let (low, mode, high) = (1300.0, 1800.0, 3500.0);
    let pert = Pert(low, mode, high);
    let a = 1.0 + 4.0 * (mode - low) / (high - low);
    let beta = Beta::new(a, 6.0 - a).unwrap();
    let sampler = pert.sampler();
    for u in (1..1000).map(|i| f64::from(i) / 1000.0).chain([1e-9, 1e-6, 1.0 - 1e-6]) {
        let below = |x: f64| beta.cdf((x - low) / (high - low));
        close(below(pert.quantile(u)), u, 1e-10);
        // The table: within a millionth of the range of the value, so the probability is close as well.
        assert!((sampler.quantile(u) - pert.quantile(u)).abs() <= 1e-6 * (high - low), "at {u}");
        assert!((below(sampler.quantile(u)) - u).abs() <= 1e-6, "at {u}");
    }
    close(pert.mean(), (low + 4.0 * mode + high) / 6.0, 1e-15);
}

#[test]
fn quantiles_are_the_closed_forms() {
    for (distribution, u, wanted) in [
        (Uniform(2.0, 4.0), 0.25, 2.5),
        (Triangular(0.0, 1.0, 2.0), 0.5, 1.0),
        (Triangular(0.0, 1.0, 2.0), 0.125, 0.5),
        (Triangular(0.0, 1.0, 2.0), 0.875, 1.5),
        (Normal(10.0, 2.0), 0.975, 10.0 + 2.0 * 1.959963984540054),
        (Normal(10.0, 2.0), 0.5, 10.0),
        (Lognormal(1.5, 4.0), 0.5, 1.5),
        (Lognormal(1.5, 4.0), 0.9, 4.0),
        (Lognormal(1.5, 4.0), 0.1, 1.5 * 1.5 / 4.0),
        (Seen(vec![4.0, 1.0, 2.0]), 0.5, 2.0),
        (Seen(vec![4.0, 1.0, 2.0]), 0.75, 3.0),
    ] {
        close(distribution.quantile(u), wanted, 1e-12);
        close(distribution.sampler().quantile(u), wanted, 1e-12);
    }
}

#[test]
fn the_mean_is_the_mean_of_the_quantiles() {
    for distribution in all() {
        let sampler = distribution.sampler();
        let sum: f64 = (0..POINTS).map(|i| sampler.quantile((f64::from(i) + 0.5) / f64::from(POINTS))).sum();
        close(sum / f64::from(POINTS), distribution.mean(), 1e-4);
    }
}

#[test]
fn quantiles_never_fall_and_stay_within_the_ends() {
    for distribution in all() {
        let (low, high) = distribution.bounds();
        let sampler = distribution.sampler();
        let quantiles: Vec<f64> = (0..=2000).map(|i| sampler.quantile(f64::from(i) / 2000.0)).collect();
        assert!(quantiles.is_sorted(), "{distribution:?}");
        assert!(quantiles.iter().all(|x| (low..=high).contains(x)), "{distribution:?}");
        let (p10, p90) = distribution.p10_p90();
        assert!(low < p10 && p10 < p90 && p90 < high, "{distribution:?}");
    }
    assert_eq!(Pert(1.0, 2.0, 4.0).bounds(), (1.0, 4.0));
    assert_eq!(Triangular(1.0, 2.0, 4.0).bounds(), (1.0, 4.0));
    assert_eq!(Seen(vec![2.0, 1.0]).bounds(), (1.0, 2.0));
    assert_eq!(Normal(1.0, 1.0).bounds(), (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!(Lognormal(1.0, 2.0).bounds(), (0.0, f64::INFINITY));
}

#[test]
fn a_distribution_without_width_is_one_value() {
    for distribution in [
        Pert(5.0, 5.0, 5.0),
        Triangular(5.0, 5.0, 5.0),
        Uniform(5.0, 5.0),
        Normal(5.0, 0.0),
        Lognormal(5.0, 5.0),
        Seen(vec![5.0]),
        Seen(vec![5.0, 5.0, 5.0]),
    ] {
        for u in [0.0, 0.1, 0.5, 0.999, 1.0] {
            assert_eq!(distribution.quantile(u), 5.0, "{distribution:?}");
            assert_eq!(distribution.sampler().quantile(u), 5.0, "{distribution:?}");
        }
        assert_eq!(distribution.mean(), 5.0, "{distribution:?}");
        assert_eq!(distribution.bounds(), (5.0, 5.0), "{distribution:?}");
    }
}

#[test]
fn what_contradicts_itself_gives_no_number_and_no_panic() {
    for distribution in [
        Pert(2.0, 1.0, 3.0),
        Pert(1.0, 4.0, 3.0),
        Pert(f64::NAN, 1.0, 2.0),
        Pert(-1e308, 0.0, 1e308),
        Triangular(3.0, 2.0, 1.0),
        Uniform(2.0, 1.0),
        Uniform(f64::NEG_INFINITY, 1.0),
        Normal(0.0, -1.0),
        Normal(0.0, f64::NAN),
        Lognormal(0.0, 1.0),
        Lognormal(-1.0, 1.0),
        Lognormal(2.0, 1.0),
        Seen(vec![]),
        Seen(vec![1.0, f64::NAN]),
    ] {
        assert!(distribution.quantile(0.3).is_nan(), "{distribution:?}");
        assert!(distribution.sampler().quantile(0.3).is_nan(), "{distribution:?}");
        assert!(distribution.mean().is_nan(), "{distribution:?}");
        assert!(distribution.bounds().0.is_nan(), "{distribution:?}");
    }
    for distribution in all() {
        for u in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(distribution.quantile(u).is_nan(), "{distribution:?} at {u}");
            assert!(distribution.sampler().quantile(u).is_nan(), "{distribution:?} at {u}");
        }
    }
}
