//! `spinebench hub certs`, and the flags of `spinebench hub` that decide about TLS and about how much one client may do.

use crate::exit::{Exit, Failure};
use population::{Population, Sizes};
use reference_hub::certs::{APPLICATION_ID, APPLICATION_KID, FIRST_ENDPOINTS, Folder, Made};
use reference_hub::limits::{CONNECTIONS_MAX, HEADER_READ_TIME};
use reference_hub::{Security, TlsFiles};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Arguments of `spinebench hub certs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder, made when missing. What is in it is kept, and what is missing is made. A hub looks in DATA/certs.
    dir: PathBuf,
    /// End points that get a client certificate: the first N of the population.
    #[arg(long, value_name = "N", default_value_t = FIRST_ENDPOINTS)]
    endpoints: u32,
    /// Seed of the synthetic population.
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Organisations in the hub's directory.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    organisations: u32,
    /// End points in the hub's directory (default: 2800, or as many as certificates are asked for).
    #[arg(long, value_name = "N")]
    directory_endpoints: Option<u32>,
}

/// End points in a directory when nothing else is said; the same as `spinebench hub --endpoints`.
const DIRECTORY_ENDPOINTS: u32 = 2_800;

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let endpoints = args.directory_endpoints.unwrap_or(DIRECTORY_ENDPOINTS.max(args.endpoints));
    let sizes = Sizes { organisations: args.organisations, endpoints, ..Sizes::default() };
    let people =
        Population::new(args.seed, sizes).map_err(|faults| Failure::new(Exit::Usage, faults.join("\n")))?;
    let folder = Folder::new(&args.dir);
    let made = fill(&folder, &people, args.endpoints)?;
    let (list, key) = (folder.endpoint_list(), folder.application_key());
    println!("CA of server and clients  {}", folder.ca_cert().display());
    println!("server's certificate      {}", folder.tls_files(false).cert.display());
    println!("end points                {} new, listed in {}", made.endpoints, list.display());
    println!(
        "application               client id {APPLICATION_ID}, kid {APPLICATION_KID}, key {}",
        key.display()
    );
    println!("a hub that uses them      spinebench hub --tls mutual {}", words(&folder));
    Ok(Exit::Ok)
}

/// The flags with which a hub finds the folder.
fn words(folder: &Folder) -> String {
    let dir = folder.path();
    match (dir.file_name(), dir.parent()) {
        (Some(name), Some(data)) if name == "certs" && !data.as_os_str().is_empty() => {
            format!("--data {}", data.display())
        }
        _ => {
            let files = folder.tls_files(true);
            let (cert, key, ca) = (files.cert.display(), files.key.display(), folder.ca_cert());
            format!("--tls-cert {cert} --tls-key {key} --tls-ca {}", ca.display())
        }
    }
}

fn fill(folder: &Folder, people: &Population, endpoints: u32) -> Result<Made, Failure> {
    folder.fill(people, endpoints).map_err(|e| Failure::new(Exit::Unreachable, e))
}

/// Who is asked for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Tls {
    /// Plain HTTP.
    Off,
    /// The server shows a certificate.
    Server,
    /// Clients show one too, and act for the organisation that it names.
    Mutual,
}

/// Flags of `spinebench hub` about security.
#[derive(Debug, clap::Args)]
pub struct SecurityArgs {
    /// TLS 1.2 and 1.3. Without the three files below those in DATA/certs are used, made when missing.
    #[arg(long, value_enum, default_value_t = Tls::Off)]
    tls: Tls,
    /// The server's certificate and what lies between it and its CA, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The server's private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The CAs whose client certificates are taken, in PEM.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Requests a second that one client may make before it is answered 429, e.g. 5/s; 0 means no limit. A client is
    /// an organisation, a mailbox, a registered application, or else an address. Published: 5/s for an application
    /// in the path to live.
    #[arg(long, value_name = "N/s", default_value = "0", value_parser = per_second)]
    rate_limit: u32,
    /// Connections that one address may have open (default: no limit of its own).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    connections_per_address: Option<u32>,
    /// Connections that must be possible at a time: the limit of open files is raised for them, or the hub says how it can
    /// be and does not start (default: as many as the system allows, at most 32768).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX as u64))]
    connections: Option<u64>,
    /// Seconds for which a connection may rest between requests before it is closed, and a header may take to come.
    #[arg(long, value_name = "S", default_value_t = HEADER_READ_TIME.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    idle_time: u64,
}

fn per_second(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number
        .parse()
        .map_err(|_| format!("got {text:?}, allowed: a whole number of requests a second, e.g. 5/s"))
}

impl SecurityArgs {
    /// What they come to, with certificates made when they are needed and not there.
    pub fn decided(&self, data: &Path, people: &Population) -> Result<Security, Failure> {
        if let Some(connections) = self.connections {
            harness::open_files::need(connections).map_err(|e| Failure::new(Exit::Unreachable, e))?;
        }
        Ok(Security {
            tls: self.tls_files(data, people)?,
            rate_per_s: self.rate_limit,
            connections_per_address: self.connections_per_address.and_then(|n| usize::try_from(n).ok()),
            idle_time: Some(Duration::from_secs(self.idle_time)),
        })
    }

    fn tls_files(&self, data: &Path, people: &Population) -> Result<Option<TlsFiles>, Failure> {
        let given = self.tls_cert.is_some() || self.tls_ca.is_some();
        let mutual = self.tls == Tls::Mutual;
        if self.tls == Tls::Off {
            let fault = "--tls: off, but certificates are given; allowed with them: server, mutual";
            return if given { Err(Failure::new(Exit::Usage, fault)) } else { Ok(None) };
        }
        if self.tls_ca.is_some() && !mutual {
            return Err(Failure::new(
                Exit::Usage,
                "--tls-ca: only --tls mutual asks clients for certificates",
            ));
        }
        let folder = Folder::of_data(data);
        let whole = self.tls_cert.is_some() && (self.tls_ca.is_some() || !mutual);
        if !whole {
            let made = fill(&folder, people, FIRST_ENDPOINTS)?;
            let made = if made.server { "made" } else { "found" };
            eprintln!("hub: certificates {made} in {}", folder.path().display());
        }
        let found = folder.tls_files(mutual);
        Ok(Some(TlsFiles {
            cert: self.tls_cert.clone().unwrap_or(found.cert),
            key: self.tls_key.clone().unwrap_or(found.key),
            client_ca: self.tls_ca.clone().or(found.client_ca).filter(|_| mutual),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_whole_number_with_or_without_its_unit() {
        assert_eq!((per_second("5/s"), per_second("5"), per_second("0")), (Ok(5), Ok(5), Ok(0)));
        for wrong in ["", "/s", "-1/s", "1.5/s", "5/min"] {
            assert!(per_second(wrong).unwrap_err().contains("allowed: a whole number"), "{wrong}");
        }
    }

    #[test]
    fn a_hub_is_told_the_shortest_way_to_the_folder() {
        assert_eq!(words(&Folder::new("/tmp/hub/certs")), "--data /tmp/hub");
        assert!(
            words(&Folder::new("/tmp/mine")).starts_with("--tls-cert /tmp/mine/server.cert.pem --tls-key ")
        );
    }
}
