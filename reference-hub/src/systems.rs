//! Registered systems: who stands behind a party key or an ASID, and who is calling on behalf of which organisation.
//!
//! Called by the interfaces that systems, not people, speak to: transfers, the proxy, events. Reads `Table::Directory`
//! (rows of the directory service by party key, and rows of its own by ASID); never writes.

use crate::auth::{self, SEEDED_EXPIRY_MS, Session};
use crate::domain::Context;
use crate::message::{Answer, Request};
use crate::seed::{SeedRow, SeedRows};
use hub_store::{StoreError, Table, View};
use population::Population;
use serde::{Deserialize, Serialize};

/// Longest party key that is looked up: an ODS code of at most 10 characters, a hyphen and 7 digits, and room.
const PARTY_KEY_BYTES_MAX: usize = 24;

/// What is known about a registered system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// ODS code of the organisation that runs it.
    pub ods: String,
    /// Accredited system id, 12 digits.
    pub asid: String,
    /// Message handling party key.
    pub party_key: String,
    /// Interaction ids that it is accredited for.
    pub interactions: Vec<String>,
}

impl Registered {
    /// Id of the agreement under which messages reach it, as the directory names it.
    pub fn cpa_id(&self) -> String {
        let (first, last) = self.asid.split_at(self.asid.len() / 2);
        format!("S{first}A{last}")
    }

    /// False when the directory says that the system does not serve `interaction`: it lists others of the same `family`
    /// (an interaction id's beginning). Where it lists none of the family it is silent, and nothing is denied.
    pub fn may_serve(&self, interaction: &str, family: &str) -> bool {
        let mut listed = self.interactions.iter().filter(|i| i.starts_with(family)).peekable();
        listed.peek().is_none() || listed.any(|i| i == interaction)
    }
}

/// True when `text` can be a party key: nothing else reaches a key of the directory.
pub fn is_party_key(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    (1..=PARTY_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(known)
}

/// The system under a party key, or `None` when the directory has none.
///
/// # Errors
/// The engine's; also when the row is not a system.
pub fn by_party_key(view: &dyn View, party_key: &str) -> Result<Option<Registered>, StoreError> {
    if !is_party_key(party_key) {
        return Ok(None);
    }
    let (from, to) = (format!("P|{party_key}|"), format!("P|{party_key}}}"));
    let rows = view.scan(Table::Directory, from.as_bytes(), to.as_bytes(), 1)?;
    rows.first().map(|row| parse(&row.value.value)).transpose()
}

/// The system with an ASID, or `None` when the directory has none.
///
/// # Errors
/// The engine's; also when the row is not a system.
pub fn by_asid(view: &dyn View, asid: &str) -> Result<Option<Registered>, StoreError> {
    if asid.len() != 12 || !asid.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    view.get(Table::Directory, &asid_key(asid))?.map(|row| parse(&row.value)).transpose()
}

fn parse(row: &[u8]) -> Result<Registered, StoreError> {
    serde_json::from_slice(row).map_err(|e| StoreError(format!("directory: a row is not a system: {e}")))
}

/// Behind all keys of the directory service (`O|` and `P|`).
fn asid_key(asid: &str) -> Vec<u8> {
    ["~asid|", asid].concat().into_bytes()
}

/// Whoever calls, before it is known for which organisation.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Named by its client certificate: the ODS code.
    Peer(String),
    /// Named by its access token.
    Session(Session),
}

impl Caller {
    /// True when the caller may act for organisation `ods`.
    pub fn may_act_for(&self, ods: &str) -> bool {
        match self {
            Caller::Peer(own) => own.eq_ignore_ascii_case(ods),
            Caller::Session(session) => session.may_act_for(ods),
        }
    }
}

/// Who calls: the client certificate's organisation, as message handlers are known by; without mutual TLS the session
/// of an access token.
///
/// # Errors
/// 401 when neither is there, 500 when the store cannot read.
pub fn caller(ctx: &Context<'_>, request: &Request) -> Result<Caller, Box<Answer>> {
    match ctx.peer {
        Some(peer) => Ok(Caller::Peer(peer.ods.clone())),
        None => auth::require_session(ctx, request).map(Caller::Session),
    }
}

/// Rows of `Table::Directory` by ASID, ascending.
pub fn asid_rows(population: &Population) -> SeedRows<'_> {
    let mut places: Vec<(String, u32)> =
        (0..population.sizes().endpoints).map(|i| (population.endpoint(i).asid, i)).collect();
    places.sort_unstable();
    Box::new(places.into_iter().map(|(asid, i)| {
        let end_point = population.endpoint(i);
        let system = Registered {
            interactions: end_point.interactions.iter().map(|&i| i.to_owned()).collect(),
            ods: end_point.ods,
            asid: end_point.asid,
            party_key: end_point.party_key,
        };
        let row = serde_json::to_vec(&system).unwrap_or_default(); // strings always serialise
        (Table::Directory, asid_key(&asid), row)
    }))
}

/// Rows of `Table::Sessions`: the application session of every system, ascending by token.
pub fn session_rows(population: &Population) -> SeedRows<'_> {
    let mut rows: Vec<SeedRow> = (0..population.sizes().endpoints)
        .map(|i| {
            let end_point = population.endpoint(i);
            let session = Session {
                user_id: end_point.asid,
                ods: end_point.ods,
                role: String::new(),
                application: true,
                anywhere: false,
                ..Session::sandbox()
            };
            debug_assert_eq!(session.expires_ms, SEEDED_EXPIRY_MS);
            (Table::Sessions, population.endpoint_token(i).into_bytes(), session.to_row())
        })
        .collect();
    rows.sort_unstable();
    Box::new(rows.into_iter())
}

/// The two systems of the open sandbox, by ASID: the ones that GP Connect's published examples name.
pub fn sandbox_rows() -> Vec<SeedRow> {
    let system = |ods: &str, asid: &str, party_key: &str| {
        let system = Registered {
            ods: ods.to_owned(),
            asid: asid.to_owned(),
            party_key: party_key.to_owned(),
            interactions: Vec::new(),
        };
        let row = serde_json::to_vec(&system).unwrap_or_default(); // strings always serialise
        (Table::Directory, asid_key(asid), row)
    };
    vec![system("X26", "200000000359", "X26-820350"), system("A20047", "918999198993", "A20047-821870")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sds;
    use hub_store::Store;
    use hub_store::memory::MemoryStore;
    use population::Sizes;

    fn population() -> Population {
        Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 30 }).unwrap()
    }

    fn load(store: &MemoryStore, rows: SeedRows<'_>) {
        let mut rows = rows.map(|(table, key, value)| {
            assert!(matches!(table, Table::Directory | Table::Sessions));
            (key, value)
        });
        store.load(Table::Directory, &mut rows).unwrap();
    }

    #[test]
    fn a_system_is_found_by_party_key_and_by_asid() {
        let (p, store) = (population(), MemoryStore::new());
        load(&store, sds::seed::directory(&p));
        load(&store, asid_rows(&p));
        for i in 0..30 {
            let end_point = p.endpoint(i);
            let by_party = by_party_key(&store, &end_point.party_key).unwrap().unwrap();
            let by_asid = by_asid(&store, &end_point.asid).unwrap().unwrap();
            assert_eq!((&by_party, by_party.cpa_id()), (&by_asid, end_point.cpa_id()));
            assert_eq!(by_asid.ods, end_point.ods);
        }
        for nobody in ["", "X26-000000", "P|", "A|}", "a20047-821870"] {
            assert_eq!(by_party_key(&store, nobody).unwrap(), None, "{nobody}");
        }
        assert_eq!(by_asid(&store, "000000000000").unwrap(), None);
        assert_eq!(by_asid(&store, "~").unwrap(), None);
    }

    #[test]
    fn the_agreement_is_the_one_that_the_directory_service_names() {
        let (p, store) = (population(), MemoryStore::new());
        load(&store, sds::seed::directory(&p));
        let end_point = p.endpoint(0);
        let query = [
            ("organization", format!("https://fhir.nhs.uk/Id/ods-organization-code|{}", end_point.ods)),
            ("identifier", format!("https://fhir.nhs.uk/Id/nhsMhsPartyKey|{}", end_point.party_key)),
        ];
        let mut request = Request {
            method: hyper::Method::GET,
            segments: ["spine-directory", "FHIR", "R4", "Endpoint"].map(str::to_owned).into(),
            query: query.map(|(name, value)| (name.to_owned(), value)).into(),
            headers: hyper::HeaderMap::new(),
            body: crate::message::Body::EMPTY,
        };
        request.headers.insert("apikey", "any".parse().unwrap());
        let ids = crate::domain::Ids::new(1);
        let operation = (sds::INTERFACE.route)(&request).unwrap();
        let ctx = Context::new(&store, 0, &ids, true);
        let answer = (sds::INTERFACE.decide)(operation, &ctx, &request).answer;
        let crate::message::Body::Inline(body) = &answer.body else { panic!("inline") };
        assert!(String::from_utf8_lossy(body).contains(&end_point.cpa_id()), "{answer:?}");
    }

    #[test]
    fn the_directory_denies_only_what_it_speaks_of() {
        let system = Registered {
            ods: String::new(),
            asid: "123456789012".to_owned(),
            party_key: String::new(),
            interactions: vec!["urn:a:one".to_owned(), "urn:b:two".to_owned()],
        };
        assert!(system.may_serve("urn:a:one", "urn:a:"));
        assert!(!system.may_serve("urn:a:two", "urn:a:"));
        assert!(system.may_serve("urn:c:any", "urn:c:"), "silent");
        assert_eq!(system.cpa_id(), "S123456A789012");
    }

    #[test]
    fn the_sandbox_has_the_systems_of_published_examples() {
        let (rows, store) = (sandbox_rows(), MemoryStore::new());
        assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
        load(&store, Box::new(rows.into_iter()));
        assert_eq!(by_asid(&store, "918999198993").unwrap().unwrap().ods, "A20047");
        assert_eq!(by_asid(&store, "200000000359").unwrap().unwrap().ods, "X26");
    }

    #[test]
    fn every_system_has_a_session_for_its_own_organisation_alone() {
        let p = population();
        let rows: Vec<_> = session_rows(&p).collect();
        assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
        let token = p.endpoint_token(3).into_bytes();
        let session = Session::from_row(&rows.iter().find(|r| r.1 == token).unwrap().2).unwrap();
        assert!(session.application && session.may_act_for(&p.endpoint(3).ods));
        assert!(!session.may_act_for(&p.endpoint(4).ods));
        assert!(!Caller::Peer("A1".to_owned()).may_act_for("A2"));
    }
}
