//! Batches against the memory engine: what each line is answered, and what is refused whole.

use super::*;
use crate::auth::Session;
use crate::domain::Ids;
use crate::message::Body;
use crate::pds;
use hub_store::memory::MemoryStore;
use hub_store::{Store, Table};
use population::{Patient, Population, Sizes};

fn population() -> Population {
    Population::new(42, Sizes { patients: 200, organisations: 20, endpoints: 30 }).unwrap()
}

fn ask(body: &str, change: impl FnOnce(&mut Request)) -> Answer {
    let (p, store) = (population(), MemoryStore::new());
    let load = |(table, key, value)| {
        store.load(table, &mut [(key, value)].into_iter()).unwrap();
    };
    // Patient 2 has a twin in everything but the number.
    let (of_two, twin) = (p.nhs_number(2).to_string(), "9111231130");
    let doubled = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&of_two, twin).into_bytes();
    for (table, key, value) in pds::seed::patients(&p).chain(pds::seed::patient_index(&p)) {
        if key.ends_with(of_two.as_bytes()) {
            load((table, doubled(&key), doubled(&value)));
        }
        load((table, key, value));
    }
    load((Table::Sessions, b"live".to_vec(), Session { anywhere: false, ..Session::sandbox() }.to_row()));
    let mut headers = hyper::HeaderMap::new();
    headers.insert("authorization", "Bearer live".parse().unwrap());
    headers.insert("content-type", "text/csv".parse().unwrap());
    let mut request = Request {
        method: Method::POST,
        segments: ["dbs", "batch"].map(str::to_owned).into(),
        query: Vec::new(),
        headers,
        body: Body::Inline(body.to_owned().into()),
    };
    change(&mut request);
    match route(&request) {
        Ok(operation) => {
            let ids = Ids::new(1);
            decide(operation, &Context::new(&store, 1_000, &ids, false), &request).answer
        }
        Err(answer) => *answer,
    }
}

fn text(answer: &Answer) -> String {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    String::from_utf8(body.to_vec()).unwrap()
}

fn person(i: u64) -> Patient {
    population().patient(i)
}

#[test]
fn each_line_is_verified_traced_or_told_why_not() {
    let (a, b) = (person(0), person(1));
    let lines = [
        COLUMNS.to_owned(),
        format!("r1,{},,,,{},", a.nhs_number, a.birth_date),
        format!("r2,{},,,,{},", a.nhs_number, a.birth_date.strftime("%Y%m%d")),
        format!("r3,,{},{},{},{},{}", b.family, b.given[0], b.gender, b.birth_date, b.postcode),
        format!("r4,{},{},{},,{},", a.nhs_number, b.family, b.given[0], b.birth_date),
        format!("r5,{},,,,1901-01-01,", a.nhs_number),
        "r6,,Nobody,,,1901-01-01,".to_owned(),
        "r7,,,,,1901-01-01,".to_owned(),
        "r8,,Nobody,,,yesterday,".to_owned(),
        "r9,too,short".to_owned(),
        format!("r10,9000000000,{},,,{},", b.family, b.birth_date),
        format!("r11,,{},,,{},", person(2).family, person(2).birth_date),
    ];
    let answer = ask(&lines.join("\r\n"), |_| {});
    assert_eq!((answer.status, &*answer.headers[0].1), (200, "text/csv"));
    let (a, b) = (a.nhs_number, b.nhs_number);
    let wanted = [
        ANSWER_COLUMNS.to_owned(),
        format!("r1,{a},{a},VERIFIED"),
        format!("r2,{a},{a},VERIFIED"),
        format!("r3,,{b},TRACED"),
        format!("r4,{a},{b},TRACED"),
        format!("r5,{a},,NO_MATCH"),
        "r6,,,NO_MATCH".to_owned(),
        "r7,,,INVALID".to_owned(),
        "r8,,,INVALID".to_owned(),
        "r9,,,INVALID".to_owned(),
        format!("r10,9000000000,{b},TRACED"),
        "r11,,,MULTIPLE".to_owned(),
    ];
    assert_eq!(text(&answer).lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_is_no_batch_is_refused_whole() {
    let refused = |answer: Answer, status, code: &str| {
        assert_eq!(answer.status, status, "{}", text(&answer));
        assert!(text(&answer).contains(code), "{}", text(&answer));
    };
    let many = format!("{COLUMNS}\n{}", "r,9000000009,,,,1970-01-01,\n".repeat(LINES_MAX + 1));
    for body in ["", COLUMNS, "a,b,c\n1,2,3", &many] {
        refused(ask(body, |_| {}), 400, "INVALID_VALUE");
    }
    refused(ask("", |r| r.body = Body::Inline(vec![0xff_u8].into())), 400, "INVALID_VALUE");
    let csv = format!("{COLUMNS}\nr,9000000009,,,,1970-01-01,");
    refused(ask(&csv, |r| drop(r.headers.remove("authorization"))), 401, "ACCESS_DENIED");
    refused(ask(&csv, |r| drop(r.headers.remove("content-type"))), 415, "UNSUPPORTED_MEDIA_TYPE");
    refused(ask(&csv, |r| r.method = Method::PUT), 405, "NOT_IMPLEMENTED");
    refused(ask(&csv, |r| r.segments[1] = "file".to_owned()), 404, "RESOURCE_NOT_FOUND");
    assert_eq!(ask(&csv, |_| {}).status, 200);
}
