//! How fast one client may ask: a token bucket for each client, kept as the one time at which it will be full again
//! (the generic cell rate algorithm). A client is whoever it has shown to be, and else its address.
//!
//! Called by the service before a request is routed, when a limit is set. Knows a bounded number of clients; never waits.

use crate::auth;
use crate::clock::Stopwatch;
use crate::domain::Peer;
use crate::fhir;
use crate::message::{Answer, Request};
use hub_store::{Table, View};
use quick_cache::sync::Cache;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const NS_PER_S: u64 = 1_000_000_000;

/// The buckets of all clients.
pub struct Rates {
    /// Nanoseconds that one request costs.
    cost_ns: u64,
    /// The hub's time zero for the buckets.
    watch: Stopwatch,
    full_at_ns: Cache<Vec<u8>, Arc<AtomicU64>>,
}

impl Rates {
    /// Buckets that let `per_s` requests a second through, and as many at once after a second's pause; `None` when
    /// there is no limit.
    pub fn new(per_s: u32, clients_max: usize) -> Option<Rates> {
        let cost_ns = NS_PER_S / u64::from(if per_s == 0 { return None } else { per_s });
        Some(Rates { cost_ns, watch: Stopwatch::start(), full_at_ns: Cache::new(clients_max) })
    }

    /// Takes one request from the client's bucket.
    ///
    /// # Errors
    /// Whole seconds after which there is room again, when the bucket is empty.
    pub fn take(&self, client: &[u8]) -> Result<(), u64> {
        self.take_at(client, self.watch.elapsed_ns())
    }

    fn take_at(&self, client: &[u8], now_ns: u64) -> Result<(), u64> {
        let made = self.full_at_ns.get_or_insert_with(client, || Ok::<_, Infallible>(Arc::default()));
        let Ok(bucket) = made;
        let taken = bucket.fetch_update(Relaxed, Relaxed, |full_at_ns| {
            let full_at_ns = full_at_ns.max(now_ns) + self.cost_ns;
            (full_at_ns <= now_ns + NS_PER_S).then_some(full_at_ns)
        });
        taken.map(|_| ()).map_err(|full_at_ns| {
            let free_at_ns = (full_at_ns + self.cost_ns).saturating_sub(NS_PER_S);
            free_at_ns.saturating_sub(now_ns).div_ceil(NS_PER_S).max(1)
        })
    }
}

/// Who asks, for counting: the organisation of its certificate or session, its mailbox, its registered application, and
/// else its address. What only claims to be somebody counts by its address, so that inventing names gains nothing; a
/// mailbox and an application key are not proven yet, and count for their address alone.
pub fn client(view: &dyn View, request: &Request, address: IpAddr, peer: Option<&Peer>) -> Vec<u8> {
    if let Some(peer) = peer {
        return named("ods", &peer.ods, None);
    }
    if let Some(ods) = auth::bearer(request).and_then(|token| auth::organisation(view, token)) {
        return named("ods", &ods, None);
    }
    let known = |table, key: &[u8]| matches!(view.get(table, key), Ok(Some(_)));
    if let Some(token) = request.header("authorization").and_then(|a| a.strip_prefix("NHSMESH ")) {
        let mailbox = token.trim_start().split(':').next().unwrap_or("").to_ascii_uppercase();
        if known(Table::Mailboxes, mailbox.as_bytes()) {
            return named("mailbox", &mailbox, Some(address));
        }
    }
    if let Some(key) = request.header("apikey")
        && known(Table::Clients, &crate::oauth::record::client_key(key))
    {
        return named("application", key, Some(address));
    }
    named("address", "", Some(address))
}

fn named(kind: &str, name: &str, address: Option<IpAddr>) -> Vec<u8> {
    let address = address.map(|a| a.to_canonical().to_string()).unwrap_or_default();
    format!("{kind}|{name}|{address}").into_bytes()
}

/// The published refusal of a client that asks too fast.
pub fn refusal(wait_s: u64) -> Answer {
    let diagnostics = "The client asks faster than its limit; come back after the time in Retry-After";
    fhir::spine_error(429, "throttled", "TOO_MANY_REQUESTS", "Too many requests", diagnostics)
        .with("retry-after", wait_s.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_a_seconds_requests_and_fills_again() {
        let rates = Rates::new(5, 16).unwrap();
        let now_ns = 7 * NS_PER_S;
        for n in 0..5 {
            assert_eq!(rates.take_at(b"a", now_ns), Ok(()), "request {n}");
        }
        assert_eq!(rates.take_at(b"a", now_ns), Err(1));
        assert_eq!(rates.take_at(b"b", now_ns), Ok(()), "another client has a bucket of its own");
        assert_eq!(rates.take_at(b"a", now_ns + NS_PER_S / 5), Ok(()));
        assert_eq!(rates.take_at(b"a", now_ns + NS_PER_S / 5), Err(1));
    }

    #[test]
    fn a_hundred_thousand_names_take_no_more_room_than_the_limit_allows() {
        let rates = Rates::new(1, 64).unwrap();
        (0..100_000_u32).for_each(|n| {
            let _ = rates.take_at(&n.to_be_bytes(), 0);
        });
        assert!(rates.full_at_ns.len() <= 64, "{}", rates.full_at_ns.len());
    }

    #[test]
    fn what_a_client_has_shown_counts_and_what_it_claims_does_not() {
        let store = hub_store::memory::MemoryStore::new();
        let session = crate::auth::Session { ods: "A20047".to_owned(), ..crate::auth::Session::sandbox() };
        let load = |table, key: &[u8], value: Vec<u8>| {
            hub_store::Store::load(&store, table, &mut [(key.to_vec(), value)].into_iter()).unwrap()
        };
        load(Table::Sessions, b"token", session.to_row());
        load(Table::Mailboxes, b"X26ABC1", Vec::new());
        load(Table::Clients, b"client|app", Vec::new());
        let address: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        let peer = Peer { ods: "B1".to_owned(), name: "1".to_owned() };
        let of = |name: &'static str, value: &str, peer: Option<&Peer>| {
            let mut headers = hyper::HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let request = Request {
                method: hyper::Method::GET,
                segments: Vec::new(),
                query: Vec::new(),
                headers,
                body: crate::message::Body::EMPTY,
            };
            String::from_utf8(client(&store, &request, address, peer)).unwrap()
        };
        for (name, value, counted) in [
            ("authorization", "Bearer token", "ods|A20047|"),
            ("authorization", "Bearer invented", "address||192.0.2.7"),
            ("authorization", "NHSMESH x26abc1:n:1:202601010101:hash", "mailbox|X26ABC1|192.0.2.7"),
            ("authorization", "NHSMESH INVENTED:n:1:202601010101:hash", "address||192.0.2.7"),
            ("apikey", "app", "application|app|192.0.2.7"),
            ("apikey", "invented", "address||192.0.2.7"),
            ("accept", "*/*", "address||192.0.2.7"),
        ] {
            assert_eq!(of(name, value, None), counted, "{name}: {value}");
            assert_eq!(of(name, value, Some(&peer)), "ods|B1|", "the certificate comes first");
        }
    }

    #[test]
    fn no_limit_means_no_buckets() {
        assert!(Rates::new(0, 64).is_none());
    }
}
