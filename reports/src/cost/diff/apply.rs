//! One change of a model by itself: the model before with one line as it is after. Called by `diff`, which builds the result
//! to see what the change does.

use cost_model::Model;

use super::fields::Part;

/// The model `before` with this one line as `after` has it: replaced, added or removed. `None` where the line has no part in
/// a net present value.
pub(super) fn with_one(before: &Model, after: &Model, part: Part, name: &str) -> Option<Model> {
    let mut model = before.clone();
    match part {
        Part::Model => return header(model, after, name),
        Part::Assumption => put(&mut model.assumptions, &after.assumptions, |a| a.name == name),
        Part::Derived => put(&mut model.derived, &after.derived, |d| d.name == name),
        Part::Option => put(&mut model.options, &after.options, |o| o.name == name),
        Part::Cost => put(&mut model.costs, &after.costs, |c| c.id == name),
        Part::Benefit => put(&mut model.benefits, &after.benefits, |b| b.id == name),
        Part::Configuration | Part::Metric | Part::Scenario | Part::Claim | Part::Qa => return None,
    }
    Some(model)
}

/// The model `before` with the assumptions and derived figures that only `after` has. Nothing names them yet, so no result
/// changes, and lines that need them can be tried one at a time.
pub(super) fn with_new_figures(before: &Model, after: &Model) -> Model {
    let mut model = before.clone();
    let known = |name: &str| {
        let assumed = before.assumptions.iter().any(|a| a.name == name);
        assumed || before.derived.iter().any(|d| d.name == name)
    };
    model.assumptions.extend(after.assumptions.iter().filter(|a| !known(&a.name)).cloned());
    model.derived.extend(after.derived.iter().filter(|d| !known(&d.name)).cloned());
    model
}

fn put<T: Clone>(to: &mut Vec<T>, from: &[T], same: impl Fn(&T) -> bool) {
    match (to.iter().position(&same), from.iter().find(|of| same(of))) {
        (Some(at), Some(new)) => to[at] = new.clone(),
        (None, Some(new)) => to.push(new.clone()),
        (Some(at), None) => drop(to.remove(at)),
        (None, None) => {}
    }
}

fn header(mut model: Model, after: &Model, key: &str) -> Option<Model> {
    match key {
        "price_base" => model.price_base = after.price_base.clone(),
        "start" => model.start = after.start,
        "horizon" => model.horizon = after.horizon,
        "discount_from" => model.discount_from = after.discount_from,
        "vintage" => model.schedule.bands = after.schedule.bands.clone(),
        "deflator" => model.deflators = after.deflators.clone(),
        "optimism_bias" => model.optimism_bias = after.optimism_bias.clone(),
        "inflation" => model.inflation = after.inflation.clone(),
        "baseline" => model.baseline = after.baseline.clone(),
        "baseline_times" => model.baseline_times = after.baseline_times.clone(),
        // The rest names and limits the model, or moves the draws and the sensitivity alone.
        _ => return None,
    }
    Some(model)
}
