//! TLS of a target: whether it is spoken, whom the harness trusts, and what it shows of itself. Called while `[target]` is
//! read. Opens no file: keys are named here and read by whoever connects, so none is ever in a scenario or a record.

use crate::document::{Item, Log, Section};
use crate::scenario::Load;
use std::path::{Path, PathBuf};

/// How requests travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Plain HTTP.
    #[default]
    Off,
    /// The server shows a certificate, which is checked.
    Server,
    /// The client shows one too.
    Mutual,
}

impl Tls {
    /// As a scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Tls::Off => "off",
            Tls::Server => "server",
            Tls::Mutual => "mutual",
        }
    }
}

/// Whom the harness trusts and what it shows; the default trusts the system's CAs and shows nothing. An embedded hub brings
/// a CA of its own, so a scenario with one names no certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// The file of the CA that the server's certificate is of; `None`: the system's.
    pub ca: Option<PathBuf>,
    /// What the client shows.
    pub shown: Shown,
}

/// What the client shows of itself under mutual TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nothing, or with an embedded hub a certificate of the hub's own development CA for each end point.
    #[default]
    Nothing,
    /// One certificate for all connections.
    One {
        /// Its file, with those between it and its CA.
        certificate: PathBuf,
        /// Its private key.
        key: KeySource,
    },
    /// A certificate of its own for every connection, issued at the start for an end point of the population.
    Each {
        /// Folder with the CA's `ca.cert.pem` and `ca.key.pem`, as `spinebench hub certs` makes it.
        folder: PathBuf,
    },
}

/// Where a private key is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file in PEM.
    File(PathBuf),
    /// An environment variable whose value is the PEM text.
    Env(String),
}

const KEY_FORM: &str = "{ file = \"client.key.pem\" } or { env = \"NAME\" }";

/// Reads the keys of `[target]` that are about TLS; paths are relative to `folder`. `scheme` is what the URL says, `None` for
/// an embedded hub. Faults go to the section's log.
pub(crate) fn read(
    section: &Section<'_>,
    folder: &Path,
    scheme: Option<Tls>,
    log: &Log,
) -> (Tls, Certificates) {
    let choices = [("off", Tls::Off), ("server", Tls::Server), ("mutual", Tls::Mutual)];
    let typed = section.get("tls").and_then(|i| Some((i.one_of(&choices)?, i)));
    let tls = typed.as_ref().map_or(scheme.unwrap_or_default(), |(tls, _)| *tls);
    if let (Some(scheme), Some((tls, item))) = (scheme, &typed)
        && (scheme == Tls::Off) != (*tls == Tls::Off)
    {
        let (problem, allowed) = match scheme {
            Tls::Off => ("the URL says http", "off, or a URL that begins with https://"),
            _ => ("the URL says https", "server, mutual"),
        };
        item.refuse(problem, allowed);
    }
    let path = |key: &'static str| section.get(key).and_then(|i| Some((folder.join(i.text()?), i)));
    let ca = path("ca");
    let certificate = path("client-certificate");
    let identities = path("identities");
    let key = section.get("client-key").map(|i| (read_key(&i, folder), i));
    for (item, mutual) in [
        (ca.as_ref().map(|(_, i)| i), false),
        (certificate.as_ref().map(|(_, i)| i), true),
        (identities.as_ref().map(|(_, i)| i), true),
        (key.as_ref().map(|(_, i)| i), true),
    ] {
        let Some(item) = item else { continue };
        if scheme.is_none() {
            item.refuse("an embedded hub brings certificates of its own", "url = \"https://...\" beside it");
        } else if tls == Tls::Off || (mutual && tls == Tls::Server) {
            let needed = if mutual { "tls = \"mutual\"" } else { "tls = \"server\" or \"mutual\"" };
            item.refuse("certificates without the TLS that uses them", needed);
        }
    }
    match (&certificate, &key, &identities) {
        (Some((_, item)), None, _) => item.refuse("a certificate without its key", "client-key beside it"),
        (None, Some((_, item)), _) => {
            item.refuse("a key without its certificate", "client-certificate beside it")
        }
        (Some(_), Some(_), Some((_, item))) => {
            item.refuse("two ways to show certificates", "client-certificate with client-key, or identities");
        }
        (None, None, None) if tls == Tls::Mutual && scheme.is_some() => log.push(
            section
                .fault("tls", "mutual, but there is nothing to show")
                .allowed("client-certificate with client-key, or identities = \"FOLDER\" of a CA"),
        ),
        _ => {}
    }
    let shown = match (certificate, key, identities) {
        (Some((certificate, _)), Some((Some(key), _)), _) => Shown::One { certificate, key },
        (_, _, Some((folder, _))) => Shown::Each { folder },
        _ => Shown::Nothing,
    };
    (tls, Certificates { ca: ca.map(|(path, _)| path), shown })
}

/// Under certificates of their own, requests in an organisation's name go over its systems' connections alone: each
/// organisation needs one at least. End points are dealt out to organisations in turn, so as many connections as there are
/// organisations will do.
pub(crate) fn enough_lines(
    root: &Section<'_>,
    (tls, certificates): (Tls, &Certificates),
    load: &Load,
    organisations: u32,
    log: &Log,
) {
    let connections = load.connections;
    let each = tls == Tls::Mutual && !matches!(certificates.shown, Shown::One { .. });
    if each && connections < organisations {
        log.push(
            root.fault(
                "load.connections",
                "too few for every organisation to have one of its own, as mutual TLS needs",
            )
            .got(connections)
            .allowed(format!("{organisations} or more, or fewer organisations in [population]")),
        );
    }
}

fn read_key(item: &Item<'_>, folder: &Path) -> Option<KeySource> {
    if !item.value().is_table() {
        item.refuse("a key does not stand in a scenario", KEY_FORM);
        return None;
    }
    let table = item.section()?;
    let file = table.get("file").and_then(|i| i.text()).map(|p| KeySource::File(folder.join(p)));
    let env = table.get("env").and_then(|i| i.text()).map(|n| KeySource::Env(n.to_owned()));
    table.finish();
    if file.is_some() == env.is_some() {
        item.refuse("not one place to read the key from", KEY_FORM);
        return None;
    }
    file.or(env)
}
