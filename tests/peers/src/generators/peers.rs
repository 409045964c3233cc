//! The other generators: how each is found or installed, and how it is called with its best flags. One list.
//!
//! To add one: a row in [`PEERS`]. Where its report is not like another's, a reader in `read` and a sample of it.

use super::{Ask, CONNECTIONS, Found, Load, Reported, read, write};
use crate::bench::Bench;
use crate::install;
use std::path::PathBuf;

/// A generator.
#[derive(Clone, Copy)]
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Finds or installs it.
    pub find: fn(&Bench) -> Result<Found, String>,
    /// Its words for what is asked; `None` when it cannot do that.
    pub words: fn(&Found, &Ask) -> Option<Vec<String>>,
    /// Reads what it reported, from its standard output.
    pub read: fn(&str) -> Reported,
    /// What a reader must know to be fair.
    pub note: &'static str,
}

/// All of them. Versions of what is installed are pinned, so that a table can be made again.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "wrk",
        find: wrk,
        words: wrk_words,
        read: read::wrk,
        note: "closed loop only; checks no answer",
    },
    Peer { name: "ab", find: ab, words: ab_words, read: read::ab, note: "closed loop only; HTTP/1.0" },
    Peer {
        name: "h2load",
        find: h2load,
        words: h2load_words,
        read: read::nothing,
        note: "as HTTP/1.1; its rate is for each connection, released in lumps",
    },
    Peer { name: "oha", find: oha, words: oha_words, read: read::oha, note: "" },
    Peer { name: "hey", find: hey, words: hey_words, read: read::hey, note: "its rate is for each worker" },
    Peer { name: "autocannon", find: autocannon, words: autocannon_words, read: read::autocannon, note: "" },
    Peer {
        name: "goose",
        find: goose,
        words: goose_words,
        read: read::goose,
        note: "a user for each connection, no think time, bodies not read; its rate is a ceiling",
    },
    Peer {
        name: "locust",
        find: locust,
        words: locust_words,
        read: read::locust,
        note: "FastHttpUser; its rate is for each user",
    },
];

/// As typed on a command line.
fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

fn from_debian(bench: &Bench, program: &str, package: &str, flag: &str) -> Result<Found, String> {
    let path = install::debian(bench, program, package)?;
    Ok(Found { version: install::version_of(&path, flag), program: path, file: None })
}

fn wrk(bench: &Bench) -> Result<Found, String> {
    let found = from_debian(bench, "wrk", "wrk", "--version")?;
    let version = found.version.split(" [").next().unwrap_or("").to_owned();
    Ok(Found { version, ..found })
}

fn wrk_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    // The flag asks for percentiles.
    let percentiles = concat!("--lat", "ency");
    (ask.load == Load::Saturate)
        .then(|| split(&format!("-t1 -c{n} -d{seconds}s {percentiles} http://{target}/")))
}

fn ab(bench: &Bench) -> Result<Found, String> {
    from_debian(bench, "ab", "apache2-utils", "-V")
}

fn ab_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    // -n after -t, which would else stop at 50,000; more than any core sends in the time.
    let most = 1_000_000 * seconds.min(&20);
    (ask.load == Load::Saturate)
        .then(|| split(&format!("-q -k -c {n} -t {seconds} -n {most} http://{target}/")))
}

fn h2load(bench: &Bench) -> Result<Found, String> {
    from_debian(bench, "h2load", "nghttp2-client", "--version")
}

fn h2load_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let rate = match ask.load {
        Load::Saturate => String::new(),
        Load::Rate(rate) => format!("--rps={}", rate / n),
        Load::Corrected(_) => return None,
    };
    Some(split(&format!("--h1 -t1 -c{n} -D{seconds} {rate} http://{target}/")))
}

fn oha(bench: &Bench) -> Result<Found, String> {
    let program = install::cargo(bench, "oha", "1.16.0")?;
    Ok(Found { version: install::version_of(&program, "--version"), program, file: None })
}

fn oha_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let rate = match ask.load {
        Load::Saturate => String::new(),
        Load::Rate(rate) => format!("-q {rate}"),
        Load::Corrected(rate) => format!("-q {rate} {}", concat!("--lat", "ency-correction")),
    };
    Some(split(&format!("--no-tui --output-format json -c {n} -z {seconds}s {rate} http://{target}/")))
}

fn hey(bench: &Bench) -> Result<Found, String> {
    let program = install::debian(bench, "hey", "hey")?;
    // It tells no version itself.
    let said = std::process::Command::new("dpkg-query").args(["-W", "-f", "${Version}", "hey"]).output();
    let version =
        said.ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    Ok(Found { version: version.unwrap_or_else(|| "unknown".to_owned()), program, file: None })
}

fn hey_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let rate = match ask.load {
        Load::Saturate => String::new(),
        Load::Rate(rate) => format!("-q {}", rate / n),
        Load::Corrected(_) => return None,
    };
    Some(split(&format!("-cpus 1 -c {n} -z {seconds}s {rate} http://{target}/")))
}

fn autocannon(bench: &Bench) -> Result<Found, String> {
    let program = install::node(bench, "autocannon@9.0.0")?.join("autocannon");
    Ok(Found { version: install::version_of(&program, "--version"), program, file: None })
}

fn autocannon_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let rate = match ask.load {
        Load::Saturate => String::new(),
        // It corrects for what it did not send unless told otherwise.
        Load::Rate(rate) => format!("-R {rate}"),
        Load::Corrected(_) => return None,
    };
    Some(split(&format!("--json --no-progress -c {n} -d {seconds} {rate} http://{target}/")))
}

fn goose(_: &Bench) -> Result<Found, String> {
    let program = std::env::current_exe().map_err(|e| format!("this program cannot be found: {e}"))?;
    Ok(Found { program, version: "0.19, as a library".to_owned(), file: None })
}

fn goose_words(_: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let rate = match ask.load {
        Load::Saturate => String::new(),
        Load::Rate(rate) => format!("--rate {rate}"),
        Load::Corrected(rate) => format!("--rate {rate} --corrected"),
    };
    Some(split(&format!("goose --target {target} --users {n} --seconds {seconds} {rate}")))
}

/// A user for each connection; with a rate, each keeps its share of it.
const LOCUST: &str = include_str!("locust_ask.py");

fn locust(bench: &Bench) -> Result<Found, String> {
    let program = install::python(bench, &["locust==2.47.0"])?.join("locust");
    let file: PathBuf = write(bench.tools.join("locust_ask.py"), LOCUST)?;
    let said = install::version_of(&program, "--version");
    let version = said.split(" from").next().unwrap_or("").to_owned();
    Ok(Found { program, version, file: Some(file) })
}

fn locust_words(found: &Found, ask: &Ask) -> Option<Vec<String>> {
    let (Ask { target, seconds, .. }, n) = (ask, CONNECTIONS);
    let file = found.file.as_ref()?.display();
    let rate = match ask.load {
        Load::Saturate => 0,
        Load::Rate(rate) => rate / n,
        Load::Corrected(_) => return None,
    };
    Some(split(&format!(
        "-f {file} --headless --json --loglevel ERROR -u {n} -r {n} -t {seconds}s -H http://{target} --each {rate}"
    )))
}
