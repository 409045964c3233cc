//! Claim: the closed model (users with think time, on goose) asks the same interactions through our client into the same
//! record, and the record says which model ran.

use crate::support::{Hub, assert_exit, run_record, scenario};

#[test]
fn users_with_think_time_fill_the_same_record() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &[]);
    let (_folder, file) = scenario(&format!(
        r#"
        title = "Twenty users"
        mix = {{ pds-retrieve = 3, mesh-inbox = 1 }}
        [target]
        url = "http://{}"
        [population]
        patients = 2000
        organisations = 2000
        endpoints = 2800
        [load]
        model = "users"
        users = {{ count = 20, hatch = "100/s", think = "50ms..150ms" }}
        [[phase]]
        name = "surgery hours"
        duration = "4s"
        "#,
        hub.address
    ));
    let (output, run) = run_record(&file, &[]);
    assert_exit(&output, 0);
    let r = &run.record;
    assert_eq!(r.model, "users");
    // 20 users, 100 ms of thought on average, 4 s: about 800 questions; goose's pacing is not ours to promise.
    assert!((200..=1_600).contains(&r.counts.planned), "{:?}", r.counts);
    assert_eq!(
        (r.counts.planned, r.counts.failed, r.counts.dropped),
        (r.counts.answered, 0, 0),
        "{:?}",
        run.errors
    );
    assert_eq!(r.hub.as_ref().map(|h| h.total), Some(r.counts_all.sent));
}
