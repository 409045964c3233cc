//! Reads `[credentials]` and the certificates of `[target]`: from the environment or from files, never from the scenario
//! itself. Called by `read_scenario`. A fault names the place and the variable or file, and never a value.

use crate::credentials::{Credentials, Named, OwnMesh, Secret, SecretCell, SignedJwt, TokenServer};
use crate::document::{Item, Log};
use crate::masking::SECRET_MIN;
use crate::target::Target;
use crate::variable::word;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Largest secret: a key or a chain of certificates takes a few kilobytes, a file of authorities a few hundred.
const SECRET_BYTES_MAX: u64 = 1024 * 1024;

/// Where a secret may come from, for messages.
const FROM: &str = "{ env = \"VARIABLE\" } or { file = \"path\" }";
/// What a credential may be, for messages.
const CREDENTIAL: &str =
    "{ env = \"VARIABLE\" }, { file = \"path\" } or { signed-jwt = { url, key, kid, client-id } }";
/// What a token server's address looks like, for messages.
const TOKEN_URL: &str =
    "http://HOST:PORT/PATH or https://HOST:PORT/PATH, e.g. http://127.0.0.1:8700/oauth2/token";
/// The name that belongs to MESH.
const MESH: &str = "mesh";

/// What the reading of credentials needs beside the file.
pub(crate) struct Reader<'a> {
    /// The scenario's folder, from which files are named.
    pub folder: &'a Path,
    pub log: &'a Log,
}

impl Reader<'_> {
    /// Reads `[credentials]`.
    pub(crate) fn credentials(
        &self,
        item: Option<Item<'_>>,
        authorised: Option<&str>,
        target_ca: Option<&Path>,
    ) -> Credentials {
        let mut all = Credentials::default();
        let Some(section) = item.and_then(|i| i.section()) else { return all };
        for (name, item) in section.entries() {
            if name == MESH {
                all.mesh = self.mesh(&item, &mut all).map(Arc::new);
            } else if word(name).is_none() {
                self.log.push(item.fault("not a name").got(name).allowed("letters, digits, - and _"));
            } else if let Some(jwt) = item.value().as_table().and_then(|t| t.get("signed-jwt")).map(|_| &item)
            {
                let Some(jwt) = self.signed_jwt(name, jwt, authorised, target_ca, &mut all) else { continue };
                all.named.push(Named { name: name.into(), cell: Some(Arc::clone(&jwt.cell)) });
                all.signed_jwts.push(jwt);
            } else if let Some(value) = self.secret(&item, CREDENTIAL) {
                let cell = all.keep(value);
                all.named.push(Named { name: name.into(), cell: Some(cell) });
            }
        }
        all
    }

    fn mesh(&self, item: &Item<'_>, all: &mut Credentials) -> Option<OwnMesh> {
        let section = item.section()?;
        let shared_key = section.need("shared-key", FROM).and_then(|i| self.secret(&i, FROM));
        let mailbox = section.need("mailbox", "id of the mailbox").and_then(|i| self.open(&i));
        let password = section.need("password", FROM).and_then(|i| self.secret(&i, FROM));
        section.finish();
        let (shared_key, password) = (shared_key?, password?);
        all.keep(shared_key.clone());
        all.keep(password.clone());
        Some(OwnMesh::new(&shared_key, mailbox?, password))
    }

    fn signed_jwt(
        &self,
        name: &str,
        item: &Item<'_>,
        authorised: Option<&str>,
        target_ca: Option<&Path>,
        all: &mut Credentials,
    ) -> Option<SignedJwt> {
        let outer = item.section()?;
        let section = outer.get("signed-jwt").and_then(|i| i.section());
        outer.finish();
        let section = section?;
        let url = section.need("url", TOKEN_URL);
        let server = url.as_ref().and_then(|i| self.token_server(i, authorised));
        let key = section.need("key", FROM).and_then(|i| self.pem(&i, FROM));
        let kid = section.need("kid", "id of the key").and_then(|i| i.text());
        let client_id = section.need("client-id", FROM).and_then(|i| self.secret(&i, FROM));
        let audience = section.get("audience").and_then(|i| i.text());
        let ca = section.get("ca").and_then(|i| self.certificates(&i));
        section.finish();
        // What cannot be read is reported where `[target]` is read.
        let ca_pem = ca.or_else(|| std::fs::read_to_string(target_ca?).ok());
        let server = server?;
        if server.tls && ca_pem.is_none() {
            self.log.push(
                section
                    .fault(
                        "ca",
                        "is missing: an https address is asked only if its certificate can be checked",
                    )
                    .allowed("path of a PEM file here or as ca in [target]"),
            );
        }
        let (key, client_id, url) = (key?, client_id?, url?.text()?.to_owned());
        all.keep(key.clone());
        all.keep(client_id.clone());
        let cell = Arc::new(SecretCell::new(None));
        all.secrets.add(Arc::clone(&cell));
        Some(SignedJwt {
            name: name.to_owned(),
            audience: audience.unwrap_or(&url).to_owned(),
            url,
            server,
            key,
            kid: kid?.to_owned(),
            client_id,
            ca_pem,
            cell,
        })
    }

    /// The token server of a URL, which is held to the same rule as the target.
    fn token_server(&self, item: &Item<'_>, authorised: Option<&str>) -> Option<TokenServer> {
        let text = item.text()?;
        if has_user(text) {
            self.log.push(item.fault("a URL with a user or a password in it").allowed(TOKEN_URL));
            return None;
        }
        let (tls, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => {
                item.refuse("not a URL", TOKEN_URL);
                return None;
            }
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        if path.bytes().any(|b| !b.is_ascii_graphic() || b == b'#') {
            item.refuse("not a URL", TOKEN_URL);
            return None;
        }
        let names_port = authority.rsplit(':').next().is_some_and(|p| p.parse::<u16>().is_ok());
        let whole = match (tls, names_port) {
            (true, false) => format!("http://{authority}:443"),
            _ => format!("http://{authority}"),
        };
        match Target::from_url(&whole, authorised) {
            Ok(target) => {
                let Target::Url { host, port, .. } = &target else { return None };
                let (host, port, authority, path) =
                    (host.clone(), *port, authority.to_owned(), path.to_owned());
                Some(TokenServer { tls, host, port, authority, path, target })
            }
            Err((problem, allowed)) => {
                item.refuse(&problem, allowed);
                None
            }
        }
    }

    /// A value that is no secret: a text, or from the same places as secrets.
    fn open(&self, item: &Item<'_>) -> Option<String> {
        if item.value().is_str() {
            return item.text().map(str::to_owned);
        }
        self.secret(item, FROM).map(|value| value.expose().to_owned())
    }

    /// Certificates in PEM, which are no secret: the path of their file, or from the same places as secrets.
    fn certificates(&self, item: &Item<'_>) -> Option<String> {
        let value = match item.value().as_str() {
            Some(path) => self.file(item, path)?,
            None => self.secret(item, "a path, or { env = \"VARIABLE\" } or { file = \"path\" }")?,
        };
        self.is_pem(item, &value, "CERTIFICATE").then(|| value.expose().to_owned())
    }

    fn pem(&self, item: &Item<'_>, form: &str) -> Option<Secret> {
        let value = self.secret(item, form)?;
        self.is_pem(item, &value, "PRIVATE KEY").then_some(value)
    }

    fn is_pem(&self, item: &Item<'_>, value: &Secret, what: &str) -> bool {
        let good = value.expose().lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(what));
        if !good {
            let problem = "what it names is not PEM of the right kind";
            self.log.push(item.fault(problem).allowed(format!("-----BEGIN {what}----- and so on")));
        }
        good
    }

    /// A secret: from the environment or a file.
    fn secret(&self, item: &Item<'_>, form: &str) -> Option<Secret> {
        if !item.value().is_table() {
            // What stands there may be a secret: it is not shown.
            let problem =
                "a credential does not stand in a scenario, it comes from the environment or a file";
            self.log.push(item.fault(problem).allowed(form));
            return None;
        }
        let section = item.section()?;
        let (env, file) = (section.get("env"), section.get("file"));
        section.finish();
        let named = |item: &Item<'_>| -> Option<String> {
            let text = item.value().as_str().filter(|s| !s.trim().is_empty());
            if text.is_none() {
                self.log.push(item.fault("not a text").allowed("a text in quotes, not empty"));
            }
            text.map(str::to_owned)
        };
        let value = match (env, file) {
            (Some(env), None) => self.variable(&env, &named(&env)?),
            (None, Some(file)) => self.file(&file, &named(&file)?),
            _ => {
                self.log.push(item.fault("needs one place to come from").allowed(form));
                None
            }
        }?;
        if value.expose().chars().count() < SECRET_MIN {
            let problem = format!("what it names has fewer than {SECRET_MIN} characters");
            self.log
                .push(item.fault(&problem).allowed("a credential long enough to be kept out of a record"));
            return None;
        }
        Some(value)
    }

    fn variable(&self, item: &Item<'_>, name: &str) -> Option<Secret> {
        match std::env::var(name) {
            Ok(value) => Some(Secret::new(value)),
            Err(why) => {
                let problem = match why {
                    std::env::VarError::NotPresent => "no such variable in the environment",
                    std::env::VarError::NotUnicode(_) => "the variable is not UTF-8 text",
                };
                let fault = item.fault(problem).allowed("a variable that is set when spinebench starts");
                // Something else than the name of a variable may be the secret itself.
                let usual = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
                self.log.push(if name.bytes().all(usual) { fault.got(name) } else { fault });
                None
            }
        }
    }

    /// The text of a file without the end of its last line.
    fn file(&self, item: &Item<'_>, path: &str) -> Option<Secret> {
        let fault = |problem: String| {
            self.log
                .push(item.fault(&problem).got(path).allowed("a file of text, from the scenario's folder"));
        };
        let mut bytes = Zeroizing::new(Vec::new());
        let read = std::fs::File::open(self.folder.join(path))
            .and_then(|file| file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes));
        if let Err(e) = read {
            fault(format!("cannot be read: {e}"));
            return None;
        }
        if bytes.len() as u64 > SECRET_BYTES_MAX {
            fault("is larger than 1 MiB".into());
            return None;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            fault("is not UTF-8 text".into());
            return None;
        };
        let text = text.strip_suffix('\n').map_or(text, |t| t.strip_suffix('\r').unwrap_or(t));
        Some(Secret::new(text.to_owned()))
    }
}

/// True when a URL names a user, perhaps with a password: such a URL is not shown.
pub(crate) fn has_user(url: &str) -> bool {
    url.contains('@')
}

impl Credentials {
    /// Keeps a secret out of what is recorded, and gives its cell.
    fn keep(&mut self, value: Secret) -> Arc<SecretCell> {
        let cell = Arc::new(SecretCell::new(Some(value)));
        self.secrets.add(Arc::clone(&cell));
        cell
    }
}
