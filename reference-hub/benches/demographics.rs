//! What a decision costs about people: PDS, the proxy, referrals, batches; on the memory store behind the read cache.
//!
//! `cargo bench -p reference-hub --bench demographics` measures; `cargo test -p reference-hub --benches` runs each once.

mod kit;

use criterion::{Criterion, criterion_group, criterion_main};
use hub_store::{Table, View};
use hyper::Method;
use kit::{CpuTime, Seeded, uuid};
use population::{Patient, Sizes};
use reference_hub::message::Request;

/// Enough people that no request finds the record of the one before it in a CPU cache, few enough to start at once.
const PATIENTS: u64 = 4_000;

/// Decisions between two looks at the clock: enough to make these cheap, few enough for the answers to fit in a cache.
const BATCH: u64 = 32;

struct Bench(Seeded);

impl std::ops::Deref for Bench {
    type Target = Seeded;
    fn deref(&self) -> &Seeded {
        &self.0
    }
}

impl Bench {
    fn new() -> Self {
        let hub = Seeded::new(Sizes { patients: PATIENTS, organisations: 50, endpoints: 50 });
        for i in 0..PATIENTS {
            let number = hub.population.nhs_number(i).to_string();
            hub.view.get(Table::Patients, number.as_bytes()).expect("memory reads");
        }
        Bench(hub)
    }

    fn patient(&self, n: u64) -> Patient {
        self.population.patient(n % PATIENTS)
    }

    /// A request in a clinician's session.
    fn ask(&self, n: u64, method: Method, path: &str, more: &[(&'static str, &str)], body: &str) -> Request {
        let bearer = format!("Bearer {}", self.population.session(7).token);
        request(n, method, path, &bearer, more, body)
    }

    fn patient_path(&self, n: u64) -> String {
        format!("personal-demographics/FHIR/R4/Patient/{}", self.patient(n).nhs_number)
    }

    fn retrieve(&self, n: u64) -> Request {
        self.ask(n, Method::GET, &self.patient_path(n), &[], "")
    }

    fn update(&self, n: u64, patches: &str) -> Request {
        let headers = [("if-match", "W/\"1\""), ("content-type", "application/json-patch+json")];
        self.ask(n, Method::PATCH, &self.patient_path(n), &headers, &format!("{{\"patches\":[{patches}]}}"))
    }

    /// A new address, as in the national mix.
    fn update_address(&self, n: u64) -> Request {
        let number = self.patient(n).nhs_number.to_string();
        let row = self.view.get(Table::Patients, number.as_bytes()).expect("memory reads").expect("a record");
        let record = String::from_utf8(row.value.to_vec()).expect("UTF-8");
        let id = record.split(r#""id":""#).nth(1).expect("the first id is the address's").get(..8);
        let id = id.expect("eight characters");
        self.update(
            n,
            &format!(
                r#"{{"op":"replace","path":"/address/0/id","value":"{id}"}},{{"op":"replace","path":"/address/0/line/0","value":"{n} Elm Road"}},{{"op":"replace","path":"/address/0/postalCode","value":"ZZ99 3VZ"}}"#
            ),
        )
    }

    fn update_birth(&self, n: u64) -> Request {
        self.update(n, r#"{"op":"replace","path":"/birthDate","value":"1970-01-02"}"#)
    }

    fn search(&self, n: u64, pairs: &[(&str, String)]) -> Request {
        let mut request = self.ask(n, Method::GET, "personal-demographics/FHIR/R4/Patient", &[], "");
        request.query = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        request
    }

    fn trace(&self, n: u64) -> Request {
        let p = self.patient(n);
        let pairs = [
            ("family", p.family),
            ("given", p.given[0].to_owned()),
            ("gender", p.gender.to_owned()),
            ("birthdate", format!("eq{}", p.birth_date)),
        ];
        self.search(n, &pairs)
    }

    /// Eight people on average: the published size of an answer.
    fn trace_advanced(&self, n: u64) -> Request {
        let p = self.patient(n);
        let born = [("birthdate", "ge1900-01-01".to_owned()), ("birthdate", "le2024-12-31".to_owned())];
        let [from, to] = born;
        self.search(n, &[("family", p.family), ("gender", p.gender.to_owned()), from, to])
    }

    fn proxy_read(&self, n: u64) -> Request {
        let (from, to) = (self.population.endpoint(1), self.population.endpoint(n as u32 % 50));
        let bearer = format!("Bearer {}", self.population.endpoint_token(1));
        let headers = [
            ("ssp-traceid", uuid(n)),
            ("ssp-from", from.asid),
            ("ssp-to", to.asid),
            ("ssp-interactionid", "urn:nhs:names:services:gpconnect:fhir:rest:read:patient-1".to_owned()),
        ];
        let headers: Vec<(&'static str, &str)> = headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let path = format!("ssp/{}/Patient/{}", to.ods, self.patient(n).nhs_number);
        request(n, Method::GET, &path, &bearer, &headers, "")
    }

    fn referral(&self, n: u64) -> Request {
        let organisation = n as u32 % 50;
        let referral = self.population.referral(organisation);
        let session = (0..).map(|i| self.population.session(i)).find(|s| s.ods == referral.referrer_ods);
        let bearer = format!("Bearer {}", session.expect("a session of every organisation").token);
        let path = format!("referrals/FHIR/STU3/ReferralRequest/{}", referral.ubrn);
        request(n, Method::GET, &path, &bearer, &[], "")
    }

    /// Twenty lines, half by number and half by name.
    fn batch(&self, n: u64) -> Request {
        let mut body = String::from(
            "unique_reference,nhs_number,family_name,given_name,gender,date_of_birth,postcode\n",
        );
        let p = self.patient(n);
        for line in 0..10 {
            body += &format!("{line},{},,,,{},\n", p.nhs_number, p.birth_date);
            body += &format!(
                "{line},,{},{},{},{},{}\n",
                p.family, p.given[0], p.gender, p.birth_date, p.postcode
            );
        }
        self.ask(n, Method::POST, "dbs/batch", &[("content-type", "text/csv")], &body)
    }
}

fn request(
    n: u64,
    method: Method,
    path: &str,
    bearer: &str,
    more: &[(&'static str, &str)],
    body: &str,
) -> Request {
    let id = uuid(n);
    let headers = [&[("authorization", bearer), ("x-request-id", &id)], more].concat();
    kit::request(method, path, &headers, body)
}

fn demographics(criterion: &mut Criterion<CpuTime>) {
    let bench = Bench::new();
    let mut measured = |name: &str, make: &dyn Fn(&Bench, u64) -> Request| {
        bench.measure(criterion, (name, 200, BATCH), &|n| make(&bench, n));
    };
    measured("pds-retrieve", &Bench::retrieve);
    measured("pds-update-address", &Bench::update_address);
    measured("pds-update-birth", &Bench::update_birth);
    measured("pds-trace", &Bench::trace);
    measured("pds-trace-advanced", &Bench::trace_advanced);
    measured("ssp-read", &Bench::proxy_read);
    measured("ers-read", &Bench::referral);
    measured("dbs-batch-trace", &Bench::batch);
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = demographics
}
criterion_main!(benches);
