//! The requests that comparisons of servers send: PDS retrieve and update, and the four calls of a MESH message's life.
//! Called by those comparisons, for every server alike.

use hmac::{Hmac, Mac};
use population::Population;
use sha2::Sha256;
use std::io::Write;

/// Tokens in use, one after the other: a hub knows 20,000 and never sees the same one twice in a row.
const TOKENS: u32 = 1_000;

/// Draws without a pattern that a cache could follow (xorshift64*).
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// Draws of their own for each seed.
    pub fn of(seed: u64) -> Self {
        Draws(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((u128::from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)) * u128::from(n)) >> 64) as u64
    }
}

/// Identifiers that no request before had, in this run or another on the same folder.
#[derive(Debug, Clone)]
struct Ids {
    run: u64,
    serial: u64,
}

impl Ids {
    fn new() -> Self {
        Ids { run: harness::clock::wall_now().as_microsecond().cast_unsigned(), serial: 0 }
    }

    fn uuid(&mut self) -> String {
        self.serial += 1;
        format!(
            "{:08x}-{:04x}-4000-8000-{:012x}",
            self.run >> 16 & 0xFFFF_FFFF,
            self.run & 0xFFFF,
            self.serial
        )
    }
}

/// Requests about the people of a population.
pub struct PeopleRequests {
    people: Population,
    tokens: Vec<String>,
    ids: Ids,
}

impl PeopleRequests {
    /// Requests about these people.
    pub fn new(people: Population) -> Self {
        PeopleRequests {
            people,
            tokens: (0..TOKENS).map(|i| people.session_token(i * 7)).collect(),
            ids: Ids::new(),
        }
    }

    /// How many people there are.
    pub fn count(&self) -> u64 {
        self.people.sizes().patients
    }

    /// Appends a request for a person's record.
    pub fn retrieve(&mut self, who: u64, out: &mut Vec<u8>) {
        self.head("GET", who, out);
        out.extend_from_slice(b"Accept: application/fhir+json\r\n\r\n");
    }

    /// Appends an update of a person's record under the version that it has: another gender, which changes one element of
    /// the record and its entry in the search index.
    pub fn update(&mut self, who: u64, version: u32, out: &mut Vec<u8>) {
        let gender = if version.is_multiple_of(2) { "female" } else { "male" };
        let body = format!(r#"{{"patches":[{{"op":"replace","path":"/gender","value":"{gender}"}}]}}"#);
        self.head("PATCH", who, out);
        let _ = write!(
            out,
            "If-Match: W/\"{version}\"\r\nAccept: application/fhir+json\r\n\
             Content-Type: application/json-patch+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }

    fn head(&mut self, method: &str, who: u64, out: &mut Vec<u8>) {
        let id = self.ids.uuid();
        let token = &self.tokens[self.ids.serial as usize % self.tokens.len()];
        let number = self.people.nhs_number(who);
        let _ = write!(
            out,
            "{method} /personal-demographics/FHIR/R4/Patient/{number} HTTP/1.1\r\nHost: hub\r\n\
             Authorization: Bearer {token}\r\nX-Request-ID: {id}\r\nX-Correlation-ID: {id}\r\n"
        );
    }
}

/// A MESH mailbox and what opens it.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// Its id.
    pub id: String,
    /// Its password.
    pub password: String,
}

/// Requests of MESH clients.
pub struct MeshRequests {
    key: Hmac<Sha256>,
    ids: Ids,
    minute: String,
    body: Vec<u8>,
}

impl MeshRequests {
    /// Requests under an environment's shared key, with messages of so many bytes.
    ///
    /// # Errors
    /// One sentence; keys of any length are taken, so none in practice.
    pub fn new(key: &str, body_bytes: usize) -> Result<Self, String> {
        let key = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|e| e.to_string())?;
        let body = b"The quick brown fox. ".iter().copied().cycle().take(body_bytes).collect();
        Ok(MeshRequests { key, ids: Ids::new(), minute: String::new(), body })
    }

    /// Appends a send from one mailbox to another.
    pub fn send(&mut self, from: &Mailbox, to: &str, out: &mut Vec<u8>) {
        let (length, serial) = (self.body.len(), self.ids.serial);
        self.head("POST", from, "outbox", out);
        let _ = write!(
            out,
            "Mex-From: {}\r\nMex-To: {to}\r\nMex-WorkflowID: SPINEBENCH_LETTER\r\nMex-FileName: letter.txt\r\n\
             Mex-LocalID: {}-{serial}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n",
            from.id, self.ids.run
        );
        out.extend_from_slice(&self.body);
    }

    /// Appends a look into an inbox.
    pub fn list(&mut self, mailbox: &Mailbox, out: &mut Vec<u8>) {
        self.head("GET", mailbox, "inbox", out);
        out.extend_from_slice(b"\r\n");
    }

    /// Appends a download.
    pub fn download(&mut self, mailbox: &Mailbox, message: &str, out: &mut Vec<u8>) {
        self.head("GET", mailbox, &format!("inbox/{message}"), out);
        out.extend_from_slice(b"\r\n");
    }

    /// Appends an acknowledgement.
    pub fn acknowledge(&mut self, mailbox: &Mailbox, message: &str, out: &mut Vec<u8>) {
        self.head("PUT", mailbox, &format!("inbox/{message}/status/acknowledged"), out);
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// The bytes of each message.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn head(&mut self, method: &str, mailbox: &Mailbox, path: &str, out: &mut Vec<u8>) {
        let Mailbox { id, password } = mailbox;
        let nonce = self.ids.uuid();
        // A token counts for minutes; the time is read once in so many requests.
        if self.minute.is_empty() || self.ids.serial.is_multiple_of(1_000) {
            self.minute = harness::clock::wall_now().strftime("%Y%m%d%H%M").to_string();
        }
        let now = &self.minute;
        let mut mac = self.key.clone();
        mac.update(format!("{id}:{nonce}:0:{password}:{now}").as_bytes());
        let hash = mac.finalize().into_bytes();
        let _ = write!(
            out,
            "{method} /messageexchange/{id}/{path} HTTP/1.1\r\nHost: hub\r\n\
             Accept: application/vnd.mesh.v2+json\r\nAuthorization: NHSMESH {id}:{nonce}:0:{now}:"
        );
        for b in hash {
            let _ = write!(out, "{b:02x}");
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_below_their_bound_and_reach_all_of_it() {
        let mut draws = Draws::of(7);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[draws.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1_200).contains(n)), "{seen:?}");
    }

    #[test]
    fn no_two_requests_have_the_same_id() {
        let mut ids = Ids::new();
        let (a, b) = (ids.uuid(), ids.uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), a.matches('-').count()), (36, 4));
    }
}
