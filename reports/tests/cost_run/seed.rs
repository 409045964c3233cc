//! What the seed table claims, and what it does not.

use crate::{built_in, support};
use reports::cost::{NamedRun, SeedRow, Standing, seed_markdown, seed_table, seed_text};
use run_record::{ConnectionFacts, Measured, Resilience};

fn table(runs: &[NamedRun]) -> Vec<SeedRow> {
    seed_table(runs, &built_in("cases/spine-2015.toml"), &built_in("cases/hub-today.toml"))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn named(name: &str, run: Measured) -> NamedRun {
    NamedRun { name: name.to_owned(), run }
}

#[test]
fn without_a_run_nothing_is_measured_and_each_row_names_its_command() {
    let rows = table(&[]);
    assert_eq!(rows.len(), 8, "the figures of the article");
    for row in &rows {
        match row.standing {
            Standing::NotMeasured => assert!(row.rests_on.contains("spinebench run scenarios/"), "{row:?}"),
            Standing::PublishedInput => assert!(row.here.contains("£21.0m") && row.here.contains("£28.04m")),
            other => panic!("nothing was run, got {other:?} for {}", row.figure),
        }
    }
}

#[test]
fn a_run_of_the_national_peak_measures_the_rate_and_only_derives_what_it_is_worth() {
    let rows = table(&[named("runs/peak", support::peak())]);
    let of = |words: &str| rows.iter().find(|row| row.figure.contains(words)).expect("a row");
    assert_eq!(of("1,800").standing, Standing::Measured);
    assert!(of("1,800").here.contains("every budget kept") && of("1,800").rests_on.contains("runs/peak"));
    for derived in ["response times", "750", "commodity"] {
        assert_eq!(of(derived).standing, Standing::DerivedUnderAssumptions, "{derived}");
    }
    assert!(of("750").rests_on.contains("750.0 because it was put in"), "{}", of("750").rests_on);
    assert!(of("750").rests_on.contains("0.2053"), "{}", of("750").rests_on);
    assert_eq!(of("million messages").standing, Standing::NotMeasured);
}

#[test]
fn a_run_as_written_counts_before_a_newer_one_that_was_changed_and_an_invalid_one_never() {
    let (mut changed, mut invalid) = (support::peak(), support::peak());
    changed.record.started = "2027-01-01T00:00:00Z".into();
    changed.record.scenario.changes = vec!["all rates times 0.5 (--scale 0.5)".into()];
    invalid.record.started = "2028-01-01T00:00:00Z".into();
    invalid.record.validity.valid = false;
    let all = [named("runs/peak", support::peak()), named("runs/half", changed), named("runs/bad", invalid)];
    assert!(table(&all)[0].rests_on.ends_with("runs/peak"), "{:?}", table(&all)[0]);
    let rows = table(&all[1..]);
    assert!(rows[0].rests_on.contains("runs/half, all rates times 0.5"), "{:?}", rows[0]);
}

#[test]
fn fewer_connections_than_end_points_are_told_as_what_they_are() {
    let mut run = support::peak();
    run.record.observed.connections = Some(ConnectionFacts {
        transport: "mutual-tls".into(),
        peak: 19_600,
        identities: 19_600,
        ..ConnectionFacts::default()
    });
    let rows = table(&[named("runs/tls", run)]);
    let row = rows.iter().find(|row| row.figure.contains("28,000")).expect("a row");
    assert!(row.here.contains("19,600 of 28,000") && row.rests_on.contains("all-endpoints"), "{row:?}");
}

#[test]
fn availability_is_what_was_counted_under_restarts_and_kills() {
    let mut run = support::peak();
    run.record.scenario.path = "scenarios/crash.toml".into();
    run.record.observed.resilience = Some(Resilience {
        availability: 0.985,
        writes_checked: 1_161,
        longest_outage_s: 0.5,
        ..Resilience::default()
    });
    let rows = table(&[named("runs/crash", run)]);
    let row = rows.iter().find(|row| row.figure.contains("clock")).expect("a row");
    assert_eq!(row.standing, Standing::Measured);
    assert!(row.here.contains("98.5 %") && row.here.contains("0 of 1,161"), "{}", row.here);
    assert!(row.rests_on.contains("rolling-restart"), "the other half has its command: {}", row.rests_on);
}

#[test]
fn the_table_reads_as_text_as_markdown_and_as_json() {
    let rows = table(&[named("runs/a|b", support::peak())]);
    let text = seed_text(&rows);
    assert!(
        text.contains("published input") && text.contains("no\naudit was found") || text.contains("no audit")
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let markdown = seed_markdown(&rows);
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| ")).count(), 9, "{markdown}");
    assert!(markdown.contains("runs/a\\|b"));
    let json = serde_json::to_value(&rows).expect("JSON");
    assert_eq!(json[0]["standing"], "measured");
}
