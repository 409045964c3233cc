//! The evaluator: many lanes at once are the same, bit by bit, as one at a time.

use cost_model::{NodeId, Source, drawn};

use crate::made::{built, full};

#[test]
fn every_figure_in_every_lane_is_what_it_is_alone() {
    let made = built(&full());
    let graph = &made.graph;
    let lanes = 10; // As many as years, so that one cannot pass for the other.
    let varied: Vec<(NodeId, Vec<f64>)> = made
        .model
        .assumptions
        .iter()
        .zip(&made.assumptions)
        .filter_map(|(a, nodes)| Some((nodes.given, drawn(3, &a.name, a.distribution.as_ref()?, lanes))))
        .chain([(made.switches.scenario, vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0])])
        .collect();
    let all = vec![true; graph.nodes().len()];
    let overrides: Vec<_> = varied.iter().map(|(id, values)| (*id, values.as_slice())).collect();
    let together = graph.evaluate_lanes(lanes, &overrides, &all);
    for lane in 0..lanes {
        let own: Vec<_> = varied.iter().map(|(id, values)| (*id, values[lane])).collect();
        let alone = graph.evaluate(&own);
        for id in graph.ids() {
            let years: Vec<f64> = together.lanes(id).map(|year| year[lane]).collect();
            assert_eq!(years, alone.years(id), "{} in lane {lane}", graph.node(id).name);
        }
    }
}

#[test]
fn what_is_not_needed_is_not_computed_and_changes_nothing() {
    let made = built(&full());
    let wanted = made.options[2].npsv_cash;
    let needed = made.graph.needed_for(&[wanted]);
    assert!(needed.iter().any(|needed| !needed));
    let values = made.graph.evaluate_lanes(1, &[], &needed);
    assert_eq!(values.one(wanted), made.values.one(wanted));
    let aside = made.graph.ids().find(|id| !needed[id.index()]).unwrap();
    assert!(values.one(aside).is_nan());
    assert_eq!(values.lanes(aside).count(), 0);
}

#[test]
fn a_yearly_figure_has_every_year_even_where_all_are_the_same() {
    let made = built(&full());
    for id in made.graph.ids() {
        let node = made.graph.node(id);
        let years = if node.yearly { made.graph.years() } else { 1 };
        assert_eq!(made.values.years(id).len(), years, "{}", node.name);
        assert!(!matches!(&node.source, Source::Input(given) if given.len() != years));
    }
}
