//! Transfers against the memory engine: what a message must say, what becomes of it, who may see it, and what strangers
//! may send without harm.

mod collecting;
mod hostile;
mod retention;
mod sending;

use super::INTERFACE;
use crate::domain::{Context, Decision, Ids, Peer};
use crate::message::{Answer, Body, Request};
use crate::{sds, systems};
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table, Txn, View};
use population::{EndPoint, Population, Sizes};

/// 2025-06-01T12:00:00Z.
const NOW_MS: u64 = 1_748_779_200_000;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
const BOUNDARY: &str = "--=_MIME-Boundary";
const REQUEST: (&str, &str) = ("urn:nhs:names:services:gp2gp", "RCMR_IN010000UK05");
const EXTRACT: (&str, &str) = ("urn:nhs:names:services:gp2gp", "RCMR_IN030000UK06");
const FRAGMENT: (&str, &str) = ("urn:nhs:names:services:gp2gp", "COPC_IN000001UK01");
const ACKNOWLEDGE: (&str, &str) = ("urn:nhs:names:services:gp2gp", "MCCI_IN010000UK13");
const PATHOLOGY: (&str, &str) = ("urn:nhs:names:services:pat", "POLB_IN020005UK03");

fn population() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 30 }).unwrap()
}

/// The `n`-th message or conversation id of a test.
fn guid(n: u32) -> String {
    format!("{n:08X}-0000-4000-8000-00000000ABCD")
}

struct Hub {
    store: MemoryStore,
    nonce: std::cell::Cell<u128>,
}

/// A message in the making; tests change its text.
#[derive(Clone)]
struct Letter {
    from: EndPoint,
    to: EndPoint,
    soap_action: String,
    content_type: String,
    body: String,
    token: Option<String>,
    peer: Option<Peer>,
}

impl Letter {
    /// A message between two end points in conversation 1.
    fn new((service, action): (&str, &str), from: u32, to: u32, id: u32) -> Letter {
        let p = population();
        let (from_index, from, to) = (from, p.endpoint(from), p.endpoint(to));
        let message_id = guid(id);
        let (sender, recipient, cpa, conversation) = (&from.party_key, &to.party_key, to.cpa_id(), guid(1));
        let body = format!(
            "----=_MIME-Boundary\nContent-Id: <ebXMLHeader@spine.nhs.uk>\nContent-Type: text/xml; charset=UTF-8\n\n\
             <?xml version=\"1.0\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:e=\"http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd\" \
             xmlns:x=\"http://www.w3.org/1999/xlink\"><S:Header><e:MessageHeader e:version=\"2.0\">\
             <e:From><e:PartyId>{sender}</e:PartyId></e:From><e:To><e:PartyId>{recipient}</e:PartyId></e:To>\
             <e:CPAId>{cpa}</e:CPAId><e:ConversationId>{conversation}</e:ConversationId>\
             <e:Service>{service}</e:Service><e:Action>{action}</e:Action>\
             <e:MessageData><e:MessageId>{message_id}</e:MessageId><e:Timestamp>2025-06-01T12:00:00Z</e:Timestamp>\
             </e:MessageData><e:DuplicateElimination/></e:MessageHeader><e:AckRequested/></S:Header>\
             <S:Body><e:Manifest><e:Reference x:href=\"cid:payload@spine.nhs.uk\"/></e:Manifest></S:Body></S:Envelope>\n\
             ----=_MIME-Boundary\nContent-Id: <payload@spine.nhs.uk>\nContent-Type: application/xml\n\n\
             <{action} xmlns=\"urn:hl7-org:v3\"/>\n----=_MIME-Boundary--\n"
        );
        Letter {
            soap_action: format!("{service}/{action}"),
            content_type: format!(
                "multipart/related; boundary=\"{BOUNDARY}\"; type=\"text/xml\"; start=\"<ebXMLHeader@spine.nhs.uk>\""
            ),
            body,
            token: Some(p.endpoint_token(from_index)),
            peer: None,
            from,
            to,
        }
    }

    /// The same with a part of its text replaced, which must be there.
    fn with(mut self, text: &str, by: &str) -> Letter {
        assert!(self.body.contains(text), "{text} in {}", self.body);
        self.body = self.body.replace(text, by);
        self
    }

    fn request(&self) -> Request {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("soapaction", self.soap_action.parse().unwrap());
        headers.insert("content-type", self.content_type.parse().unwrap());
        if let Some(token) = &self.token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        Request {
            method: hyper::Method::POST,
            segments: ["reliablemessaging", "forwardreliable"].map(str::to_owned).into(),
            query: Vec::new(),
            headers,
            body: Body::Inline(self.body.clone().into()),
        }
    }
}

impl Hub {
    fn new() -> Hub {
        let (p, store) = (population(), MemoryStore::new());
        let load = |rows: crate::seed::SeedRows<'_>, table: Table| {
            let mut rows = rows.map(|(t, key, value)| {
                assert_eq!(t, table);
                (key, value)
            });
            store.load(table, &mut rows).unwrap();
        };
        load(sds::seed::directory(&p), Table::Directory);
        load(systems::session_rows(&p), Table::Sessions);
        load(super::seed::conversations(&p), Table::Transfers);
        Hub { store, nonce: std::cell::Cell::new(1) }
    }

    fn decide_at(&self, now_ms: u64, request: &Request, peer: Option<&Peer>) -> Decision {
        let operation = match (INTERFACE.route)(request) {
            Ok(operation) => operation,
            Err(answer) => return Decision::read(*answer, ""),
        };
        self.nonce.set(self.nonce.get() + 1);
        let ids = Ids::new(self.nonce.get());
        let mut ctx = Context::new(&self.store, now_ms, &ids, false);
        ctx.peer = peer;
        (INTERFACE.decide)(operation, &ctx, request)
    }

    fn commit(&self, txn: Txn) -> Outcome {
        self.store.commit(&[txn]).unwrap().remove(0)
    }

    /// Decides, commits, and gives the answer.
    fn ask(&self, request: &Request, peer: Option<&Peer>) -> Answer {
        let decision = self.decide_at(NOW_MS, request, peer);
        if let Some(txn) = decision.txn {
            assert!(matches!(self.commit(txn), Outcome::Committed { .. }));
        }
        decision.answer
    }

    fn send(&self, letter: &Letter) -> Answer {
        self.ask(&letter.request(), letter.peer.as_ref())
    }

    /// A request to the queue of an end point, by the system of another or its own.
    fn queue(&self, method: &str, owner: &EndPoint, rest: &str, caller: u32) -> Answer {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut segments: Vec<String> = ["reliablemessaging", "queue"].map(str::to_owned).into();
        segments.push(owner.party_key.clone());
        segments.extend(path.split('/').filter(|s| !s.is_empty()).map(str::to_owned));
        let mut headers = hyper::HeaderMap::new();
        let token = population().endpoint_token(caller);
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        let query = query.split('&').filter(|p| !p.is_empty()).map(pair).collect();
        let request =
            Request { method: method.parse().unwrap(), segments, query, headers, body: Body::EMPTY };
        self.ask(&request, None)
    }

    /// Housekeeping at a time, until there is nothing to do.
    fn tend(&self, now_ms: u64) -> usize {
        let tend = INTERFACE.tend.unwrap();
        let mut done = 0;
        loop {
            self.nonce.set(self.nonce.get() + 1);
            let ids = Ids::new(self.nonce.get());
            let due = tend(&Context::new(&self.store, now_ms, &ids, false));
            if due.is_empty() {
                return done;
            }
            for tended in due {
                assert!(matches!(self.commit(tended.txn), Outcome::Committed { .. }));
                done += 1;
            }
        }
    }

    fn rows(&self, table: Table) -> usize {
        self.store.scan(table, b"", &[0xff], usize::MAX).unwrap().len()
    }
}

fn text(answer: &Answer) -> String {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    String::from_utf8(body.to_vec()).unwrap()
}

/// The ebXML error codes of a refusal, in order; none in another answer.
fn codes(answer: &Answer) -> Vec<String> {
    let text = text(answer);
    let codes = text.split("eb:errorCode=\"").skip(1);
    codes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, codes(answer)), (status, vec![code.to_owned()]), "{}", text(answer));
    assert!(text(answer).contains("eb:highestSeverity=\"Error\""));
    assert!(answer.headers.contains(&("content-type", "text/xml".into())));
}
