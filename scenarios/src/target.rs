//! Whom a scenario asks. Called while a scenario is read, and for a target given on the command line; both pass through the
//! same safety rule, so no load reaches another machine unless the scenario says who allowed it.

use crate::certificates::Tls;
use crate::forbidden_hosts::forbidden;
use std::net::{IpAddr, SocketAddr};

/// The server that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A reference hub that starts with the run and ends with it.
    Embedded {
        /// Name of its store engine, e.g. `fjall`; the hub knows which there are.
        store: String,
    },
    /// A server that already runs.
    Url {
        /// As written.
        url: String,
        /// Host name or address, without brackets.
        host: String,
        /// Port; 80 when the URL names none, 443 for https.
        port: u16,
        /// Who allowed this load, with a reference; always there when the host is not this machine.
        authorised: Option<String>,
    },
}

/// What a URL looks like, for messages.
const URL_FORM: &str = "http://HOST:PORT or https://HOST:PORT, e.g. http://127.0.0.1:8700";

impl Target {
    /// The target of a URL.
    ///
    /// # Errors
    /// (what is wrong, what is allowed): another form than `http://HOST:PORT` or `https://HOST:PORT`, a national host, or a
    /// host that is not this machine without `authorised`.
    pub fn from_url(url: &str, authorised: Option<&str>) -> Result<Target, (String, String)> {
        let fault = |problem: &str, allowed: &str| Err((problem.to_owned(), allowed.to_owned()));
        let schemes = [("http://", 80), ("https://", 443)];
        let found = schemes.iter().find_map(|(scheme, port)| Some((url.strip_prefix(scheme)?, *port)));
        let Some((rest, port_default)) = found else { return fault("not a URL", URL_FORM) };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let Ok(port) = port.map_or(Ok(port_default), str::parse::<u16>) else {
            return fault("not a URL with a port", URL_FORM);
        };
        let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let host = match inside {
            Some(address) if address.parse::<IpAddr>().is_ok_and(|a| a.is_ipv6()) => address,
            None if !host.is_empty() && host.bytes().all(named) => host,
            _ => return fault("not a URL with a host and no path", URL_FORM),
        };
        if let Some(what) = forbidden(host) {
            let problem = format!("no load is ever sent there, whoever authorised it: this is {what}");
            return fault(&problem, "a system of your own, or hub = \"embedded\"");
        }
        let authorised = authorised.map(str::trim).filter(|a| !a.is_empty());
        if !is_loopback(host) && authorised.is_none() {
            return fault(
                "this is not this machine: load may be sent there only if the scenario's [target] names who allowed it",
                "127.0.0.1, localhost, or authorised = \"who allowed it, reference\"",
            );
        }
        Ok(Target::Url {
            url: url.to_owned(),
            host: host.to_owned(),
            port,
            authorised: authorised.map(str::to_owned),
        })
    }

    /// Whether load may go to the address that the target's name turned out to have. A name that should be this machine's
    /// may lead elsewhere, by a line in the hosts file say.
    ///
    /// # Errors
    /// One sentence when the address is another machine's and nobody is named who allowed that.
    pub fn may_ask(&self, address: SocketAddr) -> Result<(), String> {
        match self {
            Target::Url { host, authorised: None, .. } if !address.ip().to_canonical().is_loopback() => {
                Err(format!(
                    "{host} leads to {}, which is not this machine: load may be sent there only if the scenario's [target] \
                     names who allowed it (authorised = \"who allowed it, reference\")",
                    address.ip()
                ))
            }
            _ => Ok(()),
        }
    }
}

/// What a URL's scheme says about TLS.
pub(crate) fn scheme_of(url: &str) -> Tls {
    if url.starts_with("https://") { Tls::Server } else { Tls::Off }
}

/// True for names and addresses that cannot be another machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_port(url: &str) -> Option<(String, u16)> {
        match Target::from_url(url, None) {
            Ok(Target::Url { host, port, .. }) => Some((host, port)),
            _ => None,
        }
    }

    #[test]
    fn this_machine_may_be_asked_under_all_its_names() {
        assert_eq!(host_port("http://127.0.0.1:8700"), Some(("127.0.0.1".into(), 8700)));
        assert_eq!(host_port("http://localhost/"), Some(("localhost".into(), 80)));
        assert_eq!(host_port("http://[::1]:80"), Some(("::1".into(), 80)));
        assert_eq!(host_port("http://[::1]"), Some(("::1".into(), 80)));
    }

    #[test]
    fn other_machines_are_refused_unless_somebody_allowed_it() {
        for url in
            ["http://10.0.0.1:80", "http://example.org", "http://127.0.0.1.example.org", "http://0.0.0.0:1"]
        {
            let (problem, _) = Target::from_url(url, Some("  ")).unwrap_err();
            assert!(problem.contains("not this machine"), "{url}: {problem}");
            assert!(Target::from_url(url, Some("A. Person, ticket 7")).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_national_host_is_refused_also_when_somebody_allowed_it() {
        for url in [
            "http://api.service.nhs.uk",
            "http://INT.api.Service.nhs.uk:443/",
            "http://mesh-sync.spineservices.nhs.uk.:80",
            "http://mesh-sync.national.ncrs.nhs.uk",
        ] {
            for authorised in [None, Some("A. Person, ticket 7")] {
                let (problem, _) = Target::from_url(url, authorised).unwrap_err();
                assert!(problem.contains("no load is ever sent there"), "{url}: {problem}");
            }
        }
    }

    #[test]
    fn no_spelling_slips_a_national_host_past_its_name() {
        for url in [
            "http://127.0.0.1@api.service.nhs.uk",
            "http://api.service.nhs.uk@127.0.0.1",
            "http://api.service.nhs.uk%2e",
            "http://%61pi.service.nhs.uk",
            "http://api\u{3002}service\u{3002}nhs\u{3002}uk",
            "http://\u{ff41}pi.service.nhs.uk",
            "http://api.service.nhs.uk\\@localhost",
            "http://localhost#@api.service.nhs.uk",
            "http://localhost?api.service.nhs.uk",
            "http:// api.service.nhs.uk",
            "http://api.service.nhs.uk\t",
            "http://api.service.nhs.uk:80:80",
            "HTTP://api.service.nhs.uk",
            "//api.service.nhs.uk",
        ] {
            assert!(Target::from_url(url, Some("A. Person, ticket 7")).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_of_this_machine_must_lead_to_this_machine() {
        let here = Target::from_url("http://localhost:80", None).unwrap();
        for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(here.may_ask(address.parse().unwrap()), Ok(()), "{address}");
        }
        let sentence = here.may_ask("192.0.2.7:80".parse().unwrap()).unwrap_err();
        assert!(sentence.starts_with("localhost leads to 192.0.2.7"), "{sentence}");
        let allowed = Target::from_url("http://localhost:80", Some("A. Person, ticket 7")).unwrap();
        assert_eq!(allowed.may_ask("192.0.2.7:80".parse().unwrap()), Ok(()));
    }

    #[test]
    fn https_has_a_port_of_its_own() {
        assert_eq!(host_port("https://localhost"), Some(("localhost".into(), 443)));
        assert_eq!(host_port("https://127.0.0.1:8443/"), Some(("127.0.0.1".into(), 8443)));
        assert_eq!((scheme_of("https://a"), scheme_of("http://a")), (Tls::Server, Tls::Off));
    }

    #[test]
    fn malformed_urls_are_refused_in_one_sentence() {
        for url in [
            "localhost:80",
            "http://",
            "http://localhost:99999",
            "http://localhost/path",
            "http://[x]:1",
            "http://a b",
            "http://user@localhost",
            "ftp://localhost",
        ] {
            assert!(Target::from_url(url, None).is_err(), "{url}");
        }
    }
}
