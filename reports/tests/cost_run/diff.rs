//! What `cost diff` tells: every changed line, what it alone does, and the total.

use crate::built_in;
use cost_model::model::CostLine;
use cost_model::{Model, build};
use reports::cost::{Alone, How, ModelDiff, Part, diff};

fn hub() -> Model {
    built_in("cases/hub-today.toml")
}

fn compared(before: &Model, after: &Model) -> ModelDiff {
    diff(before, after, None).unwrap_or_else(|faults| panic!("{faults}"))
}

fn raise(model: &mut Model, name: &str, times: f64) {
    let found = model.assumptions.iter_mut().find(|a| a.name == name);
    found.unwrap_or_else(|| panic!("no assumption {name}")).value *= times;
}

/// A cost line with a price of its own that the shipped case does not have.
fn with_new_line(model: &mut Model) {
    let mut price = model.assumption("server_price").expect("the case has servers").clone();
    price.name = "extra_price".into();
    price.label = "Extra".into();
    model.assumptions.push(price);
    let like = model.costs.iter().find(|c| c.id.contains("server")).expect("a line of servers").clone();
    let unit_price = cost_model::expr::parse("extra_price").expect("a name");
    model.costs.push(CostLine { id: "extra".into(), label: "Extra servers".into(), unit_price, ..like });
}

#[test]
fn a_model_does_not_differ_from_itself_wherever_its_lines_stand() {
    let mut moved = hub();
    moved.assumptions.iter_mut().for_each(|a| a.line += 7);
    moved.costs.iter_mut().for_each(|c| c.line += 7);
    moved.lines.clear();
    moved.origin = "elsewhere.toml".into();
    let found = compared(&hub(), &moved);
    assert_eq!(found.changes, Vec::new());
    assert!(found.text().contains("0 lines differ"), "{}", found.text());
}

#[test]
fn one_changed_assumption_is_told_with_old_and_new_value_and_alone_makes_the_total() {
    let mut after = hub();
    raise(&mut after, "server_price", 2.0);
    let found = compared(&hub(), &after);
    assert_eq!(found.changes.len(), 1);
    let change = &found.changes[0];
    assert_eq!(
        (change.part, change.name.as_str(), change.how),
        (Part::Assumption, "server_price", How::Changed)
    );
    assert_eq!(change.keys.len(), 1);
    let key = &change.keys[0];
    assert!(key.before.as_ref().is_some_and(|b| b.contains("GBP/server")), "{key:?}");
    let Alone::Moves(moves) = &change.alone else { panic!("{:?}", change.alone) };
    assert!(moves.iter().any(|by| by.cash < 0.0), "dearer servers cost: {moves:?}");
    for (option, by) in found.options.iter().zip(moves) {
        let total = option.after.cash - option.before.cash;
        assert!((total - by.cash).abs() < 1e-6, "{}: {total} and {}", option.name, by.cash);
    }
    assert!(found.text().contains("it alone moves the NPSV of"), "{}", found.text());
    assert!(change.source.as_ref().is_some_and(|source| !source.is_empty()));
    assert!(found.text().contains("(as before)"), "{}", found.text());
}

#[test]
fn a_comment_moves_nothing_and_a_new_source_is_told() {
    let mut after = hub();
    after.assumptions[3].comment = "looked at again".into();
    after.assumptions[4].provenance.source = "another source".into();
    let found = compared(&hub(), &after);
    assert_eq!(found.changes.len(), 2);
    assert!(found.changes.iter().all(|change| change.alone == Alone::Nothing));
    assert!(found.text().contains("another source"));
}

#[test]
fn a_new_line_is_tried_with_the_new_figures_that_it_names() {
    let mut after = hub();
    with_new_line(&mut after);
    let found = compared(&hub(), &after);
    let names: Vec<(&str, How)> = found.changes.iter().map(|c| (c.name.as_str(), c.how)).collect();
    assert_eq!(names, [("extra_price", How::Added), ("extra", How::Added)]);
    assert_eq!(found.changes[0].alone, Alone::Nothing, "a figure that nothing else names");
    assert!(matches!(&found.changes[1].alone, Alone::Moves(by) if by.iter().any(|by| by.cash < 0.0)));
    // The other way round the line goes, and what it moved comes back.
    let back = compared(&after, &hub());
    let removed = back.changes.iter().find(|c| c.name == "extra").expect("the line");
    assert_eq!(removed.how, How::Removed);
    assert!(matches!(&removed.alone, Alone::Moves(by) if by.iter().any(|by| by.cash > 0.0)));
}

#[test]
fn what_cannot_stand_alone_is_said_to_show_in_the_total_only() {
    let (mut before, mut after) = (hub(), hub());
    with_new_line(&mut before);
    before.assumptions.iter_mut().filter(|a| a.name == "extra_price").for_each(|a| {
        // Of another kind in the model before: the line of after does not fit it.
        a.unit = cost_model::Unit::parse("GBP/h").expect("a unit");
    });
    before.costs.pop();
    with_new_line(&mut after);
    let found = compared(&before, &after);
    let line = found.changes.iter().find(|c| c.name == "extra").expect("the line");
    assert!(matches!(&line.alone, Alone::CannotStand(why) if !why.is_empty()), "{:?}", line.alone);
    assert!(found.text().contains("only the total holds it"), "{}", found.text());
}

#[test]
fn the_header_is_compared_key_by_key_and_a_shorter_horizon_moves_the_result() {
    let mut after = hub();
    after.horizon = 5;
    after.title = "Another title".into();
    let found = compared(&hub(), &after);
    let names: Vec<&str> = found.changes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["title", "horizon"]);
    assert_eq!(found.changes[0].alone, Alone::Nothing);
    assert!(matches!(found.changes[1].alone, Alone::Moves(_)));
}

#[test]
fn totals_are_those_of_the_two_models_and_json_holds_all() {
    let mut after = hub();
    raise(&mut after, "server_price", 1.5);
    raise(&mut after, "electricity_price", 1.5);
    let found = compared(&hub(), &after);
    let built = build(after, None).unwrap_or_else(|f| panic!("{f}"));
    for option in &found.options {
        let nodes = built.options.iter().find(|o| o.name == option.name).expect("the option");
        assert_eq!(option.after.cash, built.values.one(nodes.npsv_cash));
    }
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["changes"][0]["part"], "assumption");
    assert!(json["changes"][0]["alone"]["moves"][0]["cash"].is_number(), "{json}");
}
