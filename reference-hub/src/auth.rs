//! Who asks: the Bearer session of a request, looked up in the Sessions table.
//!
//! Called by the interfaces at the start of `decide` (PDS, EPS, SCR, CIS). Never logs or echoes a token. The look-up
//! goes through `ctx.view`, so it is answered from the hub's read cache and sees a revoked session at once.
//! MESH has its own scheme (NHSMESH) and does not come here.

use crate::domain::Context;
use crate::fhir;
use crate::message::{Answer, Request};
use hub_store::{Table, View};

/// A live session: one row of [`Table::Sessions`], keyed by the token's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user's unique identifier, 12 digits.
    pub user_id: String,
    /// ODS code of the organisation the user acts for.
    pub ods: String,
    /// National role-based access code.
    pub role: String,
    /// Id of the user's role profile, which NHSD-Session-URID names, digits; "" when it is not known.
    pub role_profile_id: String,
    /// When the session ends, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
    /// An application acts on its own, with no user behind it (application-restricted access).
    pub application: bool,
    /// May act for every organisation: the open sandbox's caller, and nobody else.
    pub anywhere: bool,
}

/// End of a session that the seed makes: 2100-01-01T00:00:00Z. Seeds are functions of the population and know no
/// clock, and a benchmark's sessions must outlive its data folder.
pub const SEEDED_EXPIRY_MS: u64 = 4_102_444_800_000;

impl Session {
    /// The row's value: end (8 bytes), application (1 byte), then the texts, each behind its length (2 bytes). Read twice
    /// for every request, so it is not JSON; lengths rather than a separator, so no text can pass for the next.
    pub fn to_row(&self) -> Vec<u8> {
        let texts = [&self.user_id, &self.ods, &self.role, &self.role_profile_id];
        let mut row = Vec::with_capacity(9 + texts.iter().map(|t| 2 + t.len()).sum::<usize>());
        row.extend_from_slice(&self.expires_ms.to_be_bytes());
        row.push(u8::from(self.application));
        for text in texts {
            let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))]; // a header's value is shorter
            row.extend_from_slice(&(text.len() as u16).to_be_bytes());
            row.extend_from_slice(text);
        }
        row
    }

    /// The session in a row's value, or `None` when it is not one.
    pub fn from_row(value: &[u8]) -> Option<Session> {
        let (expires_ms, application, [user_id, ods, role, role_profile_id]) = fields(value)?;
        let texts = (user_id.to_owned(), ods.to_owned(), role.to_owned(), role_profile_id.to_owned());
        let (user_id, ods, role, role_profile_id) = texts;
        Some(Session { user_id, ods, role, role_profile_id, expires_ms, application, anywhere: false })
    }

    /// Whom the open sandbox takes every caller for.
    pub fn sandbox() -> Session {
        Session {
            user_id: "999999999999".to_owned(),
            ods: "X26".to_owned(),
            role: "R8000".to_owned(),
            role_profile_id: String::new(),
            expires_ms: SEEDED_EXPIRY_MS,
            application: false,
            anywhere: true,
        }
    }

    /// True when what belongs to organisation `ods` may be opened in this session.
    pub fn may_act_for(&self, ods: &str) -> bool {
        self.anywhere || self.ods.eq_ignore_ascii_case(ods)
    }
}

/// The token of `Authorization: Bearer TOKEN`, or `None` when there is none.
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The live session under `token`, or `None` when it is unknown or has ended.
///
/// # Errors
/// The 500 answer when the store cannot read.
pub fn look_up(ctx: &Context<'_>, token: &str) -> Result<Option<Session>, Box<Answer>> {
    match ctx.view.get(Table::Sessions, token.as_bytes()) {
        Ok(row) => Ok(row.and_then(|r| Session::from_row(&r.value)).filter(|s| s.expires_ms > ctx.now_ms)),
        Err(_) => Err(Box::new(fhir::internal_error())),
    }
}

/// The organisation of a token's session for the audit log, live or not; `None` when the token is unknown.
pub fn organisation(view: &dyn View, token: &str) -> Option<String> {
    let row = view.get(Table::Sessions, token.as_bytes()).ok()??;
    fields(&row.value).map(|(_, _, [_, ods, ..])| ods.to_owned())
}

/// End, application, and texts of a row's value, as [`Session::to_row`] puts them.
fn fields(row: &[u8]) -> Option<(u64, bool, [&str; 4])> {
    let (expires_ms, rest) = row.split_first_chunk::<8>()?;
    let (application, mut rest) = rest.split_first()?;
    let mut texts = [""; 4];
    for text in &mut texts {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (bytes, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        (*text, rest) = (std::str::from_utf8(bytes).ok()?, after);
    }
    rest.is_empty().then_some((u64::from_be_bytes(*expires_ms), *application != 0, texts))
}

/// The caller's live session. In the sandbox any token passes, and none does too. Under mutual TLS the session must be
/// of the organisation that the client certificate names: a token taken from another's wire opens nothing.
///
/// # Errors
/// The published 401 (ACCESS_DENIED) when the token is missing, unknown, has ended or is another organisation's; 500 when the store cannot read.
pub fn require_session(ctx: &Context<'_>, request: &Request) -> Result<Session, Box<Answer>> {
    let found = match bearer(request) {
        Some(token) => look_up(ctx, token)?,
        None => None,
    };
    match found {
        Some(session) if ctx.peer.is_some_and(|p| !session.may_act_for(&p.ods)) => Err(Box::new(denied())),
        Some(session) => Ok(session),
        None if ctx.sandbox => Ok(Session::sandbox()),
        None => Err(Box::new(denied())),
    }
}

/// The published refusal of a missing, invalid or expired access token.
pub fn denied() -> Answer {
    fhir::spine_error(
        401,
        "forbidden",
        "ACCESS_DENIED",
        "Missing or invalid OAuth 2.0 bearer token in request",
        "",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ids, Peer};
    use crate::message::Body;
    use hub_store::{Row, StoreError, Versioned};

    struct One(Session);
    impl View for One {
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
            let hit = table == Table::Sessions && key == b"token-1";
            Ok(hit.then(|| Versioned { version: 0, value: self.0.to_row().into() }))
        }
        fn scan(&self, _: Table, _: &[u8], _: &[u8], _: usize) -> Result<Vec<Row>, StoreError> {
            Ok(Vec::new())
        }
    }

    fn ask(authorization: Option<&str>, now_ms: u64, sandbox: bool) -> Result<Session, Box<Answer>> {
        ask_as(None, authorization, now_ms, sandbox)
    }

    fn ask_as(
        peer: Option<&Peer>,
        authorization: Option<&str>,
        now_ms: u64,
        sandbox: bool,
    ) -> Result<Session, Box<Answer>> {
        let session = Session { expires_ms: 1_000, ..Session::sandbox() };
        let view = One(session);
        let ids = Ids::new(1);
        let ctx = Context { peer, ..Context::new(&view, now_ms, &ids, sandbox) };
        let mut headers = hyper::HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert("authorization", value.parse().unwrap());
        }
        let (segments, query) = (Vec::new(), Vec::new());
        let request = Request { method: hyper::Method::GET, segments, query, headers, body: Body::EMPTY };
        require_session(&ctx, &request)
    }

    #[test]
    fn a_session_survives_its_row_and_nothing_shorter_or_longer_is_one() {
        let role_profile_id = String::new();
        let session =
            Session { ods: "\n\0".to_owned(), role_profile_id, anywhere: false, ..Session::sandbox() };
        let row = Session { application: true, ..session.clone() }.to_row();
        assert_eq!(Session::from_row(&row), Some(Session { application: true, ..session }));
        for cut in 0..row.len() {
            assert_eq!(Session::from_row(&row[..cut]), None, "{cut} bytes");
        }
        assert_eq!(Session::from_row(&[&row[..], &[0]].concat()), None);
    }

    #[test]
    fn a_live_token_passes_and_all_others_get_401() {
        assert_eq!(ask(Some("Bearer token-1"), 999, false).unwrap().role, "R8000");
        assert_eq!(ask(Some("bearer token-1"), 999, false).unwrap().role, "R8000");
        for (authorization, now_ms) in [
            (None, 0),
            (Some("Bearer token-2"), 0),
            (Some("Bearer token-1"), 1_000),
            (Some("Basic token-1"), 0),
            (Some("Bearer"), 0),
            (Some("Bearer  "), 0),
        ] {
            assert_eq!(
                ask(authorization, now_ms, false).unwrap_err().status,
                401,
                "{authorization:?} at {now_ms}"
            );
        }
    }

    #[test]
    fn a_session_of_another_organisation_than_the_certificates_gets_401() {
        let peer = |ods: &str| Peer { ods: ods.to_owned(), name: "1".to_owned() };
        let token = Some("Bearer token-1");
        for sandbox in [false, true] {
            assert_eq!(ask_as(Some(&peer("X26")), token, 0, sandbox).unwrap().ods, "X26");
            let refused = ask_as(Some(&peer("A20047")), token, 0, sandbox).unwrap_err();
            assert_eq!(refused.status, 401, "another's certificate");
        }
        assert!(
            ask_as(Some(&peer("A20047")), None, 0, true).unwrap().anywhere,
            "the sandbox's anonymous caller"
        );
    }

    #[test]
    fn the_sandbox_lets_everybody_in() {
        assert_eq!(ask(None, 0, true).unwrap(), Session::sandbox());
        assert_eq!(ask(Some("Bearer nonsense"), 0, true).unwrap(), Session::sandbox());
    }
}
