//! Credentials of the user's own system: values that come from the environment or a file, or that a server gives for a
//! signed JWT. Read by `read_credentials`; templates hold a cell of each, so that a new token is sent from one request to the
//! next. No value here is ever shown: `Debug` gives the name alone, and memory is overwritten when a value goes.

use crate::masking::{Forms, Secrets};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// A text that nobody may see. It has no `Display`, and its `Debug` does not contain it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text in.
    pub fn new(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }

    /// The text, for those who send it or compute with it. It must not reach a record, a message or a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What a cell holds: the value, and the forms in which it could turn up in an answer.
struct Held {
    value: Secret,
    forms: Forms,
}

/// A place for a credential's present value. Whoever renders requests reads it; whoever refreshes a token writes it.
pub struct SecretCell {
    /// The present value and the one before it, which a late answer may still name.
    held: RwLock<[Option<Arc<Held>>; 2]>,
}

impl fmt::Debug for SecretCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCell")
    }
}

impl SecretCell {
    /// A cell with a value, or without one that is still to be fetched.
    pub fn new(value: Option<Secret>) -> Self {
        let cell = SecretCell { held: RwLock::default() };
        if let Some(value) = value {
            cell.set(value);
        }
        cell
    }

    /// Puts a new value in place of the present one.
    pub fn set(&self, value: Secret) {
        let held = Arc::new(Held { forms: Forms::of(value.expose()), value });
        let mut place = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let before = place[0].replace(held);
        place[1] = before;
    }

    /// Appends the present value; nothing while there is none. Waits for nobody but a refresh that swaps two pointers.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let place = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &place[0] {
            out.extend_from_slice(held.value.expose().as_bytes());
        }
    }

    /// The length in bytes of the longest part of `text`, from its start on, that gives this secret away; 0 when none does.
    pub(crate) fn given_away(&self, text: &str) -> usize {
        let place = self.held.read().unwrap_or_else(PoisonError::into_inner);
        place.iter().flatten().map(|held| held.forms.given_away(text)).max().unwrap_or(0)
    }
}

/// A credential in a template: its name and, when the scenario has it, its cell. Equal when the names are.
#[derive(Clone)]
pub(crate) struct Named {
    pub name: Box<str>,
    pub cell: Option<Arc<SecretCell>>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

/// Access of an application that shows who it is by a JWT signed with its key (RFC 7523), as the NHS API platform publishes
/// it for application-restricted access. The harness fetches the token and fetches the next one before it ends.
#[derive(Debug, Clone)]
pub struct SignedJwt {
    /// Name of the credential.
    pub name: String,
    /// Address of the token server, as written: `http://HOST:PORT/oauth2/token`. It passed the same check as the target.
    pub url: String,
    /// The same address cut into its parts.
    pub server: TokenServer,
    /// Private key in PEM, RSA.
    pub key: Secret,
    /// Id under which its public key is registered.
    pub kid: String,
    /// Id of the application: issuer and subject of the JWT.
    pub client_id: Secret,
    /// Audience of the JWT; the address unless the scenario says otherwise.
    pub audience: String,
    /// Certificates in PEM that vouch for the token server; there if the address is https.
    pub ca_pem: Option<String>,
    /// Where the token goes.
    pub cell: Arc<SecretCell>,
}

/// Where a token is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenServer {
    /// True for https.
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Host and port as written: the `Host` header.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// The server as a target, whose [`crate::Target::may_ask`] is to be asked once the name has become an address.
    pub target: crate::Target,
}

/// The user's own mailbox in a MESH environment of the user's own.
pub(crate) struct OwnMesh {
    /// The shared key, already absorbed.
    pub keyed: Option<Hmac<Sha256>>,
    pub mailbox: String,
    pub password: Secret,
}

impl OwnMesh {
    pub(crate) fn new(shared_key: &Secret, mailbox: String, password: Secret) -> Self {
        // HMAC takes keys of any length, so it is always there.
        let keyed = Hmac::<Sha256>::new_from_slice(shared_key.expose().as_bytes()).ok();
        OwnMesh { keyed, mailbox, password }
    }
}

impl fmt::Debug for OwnMesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mailbox)
    }
}

/// What is asked of [`OwnMesh`]. Equal when the same is asked: a scenario has one such mailbox.
#[derive(Debug, Clone)]
pub(crate) struct FromMesh {
    pub own: Arc<OwnMesh>,
    pub of: OfMesh,
}

impl PartialEq for FromMesh {
    fn eq(&self, other: &Self) -> bool {
        self.of == other.of
    }
}

impl Eq for FromMesh {}

/// A value of the own mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfMesh {
    Authorization,
    Mailbox,
    Password,
}

/// All credentials of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    pub(crate) named: Vec<Named>,
    pub(crate) mesh: Option<Arc<OwnMesh>>,
    pub(crate) signed_jwts: Vec<SignedJwt>,
    pub(crate) secrets: Secrets,
}

impl Credentials {
    /// Those that have to be fetched from a token server.
    pub fn signed_jwts(&self) -> &[SignedJwt] {
        &self.signed_jwts
    }

    /// All secret values of the scenario, to keep them out of what is recorded.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn cell(&self, name: &str) -> Option<Arc<SecretCell>> {
        self.named.iter().find(|n| &*n.name == name)?.cell.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_can_be_printed_contains_a_secret() {
        let secret = Secret::new("correct-horse".into());
        let cell = Arc::new(SecretCell::new(Some(secret.clone())));
        let named = Named { name: "TOKEN".into(), cell: Some(Arc::clone(&cell)) };
        let mesh = OwnMesh::new(&secret, "MAILBOX1".into(), secret.clone());
        let mut credentials =
            Credentials { named: vec![named], mesh: Some(Arc::new(mesh)), ..Credentials::default() };
        credentials.secrets.add(Arc::clone(&cell));
        let shown = format!("{secret:?} {cell:?} {credentials:#?}");
        assert!(!shown.contains("correct"), "{shown}");
        assert!(shown.contains("TOKEN"), "{shown}");
    }

    #[test]
    fn a_cell_gives_its_newest_value_and_still_knows_the_one_before() {
        let cell = SecretCell::new(None);
        let written = |cell: &SecretCell| {
            let mut out = Vec::new();
            cell.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(&cell), "");
        cell.set(Secret::new("first-token".into()));
        cell.set(Secret::new("second-token".into()));
        assert_eq!(written(&cell), "second-token");
        assert_eq!((cell.given_away("first-token"), cell.given_away("second-token, late")), (11, 12));
        cell.set(Secret::new("third-token".into()));
        assert_eq!(cell.given_away("first-token"), 0);
    }
}
