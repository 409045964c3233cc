//! PDS retrieve from a million people: the hub on one core, the client on the other, beside a raw epoll loop that answers
//! as many bytes. Called by the list of comparisons.

use super::drive::{Answer, Work, drive};
use super::requests::{Draws, PeopleRequests};
use super::seeded::{self, Hub};
use super::{CPU, measure, median, row, sample_all, warm_s};
use crate::bench::Bench;
use crate::floors::echo;
use crate::server::Server;
use crate::table::{Table, Target};

/// Connections, one request in flight on each: the published measurements' number.
pub const LINES: usize = 64;
/// People of the full run, and of a smoke run.
pub const PEOPLE: u64 = 1_000_000;
/// See [`PEOPLE`].
pub const PEOPLE_SMOKE: u64 = 2_000;
/// People of the hot set: fewer than any cache holds.
const HOT: u64 = 200;
/// The target: hub over raw epoll.
const RATIO_MAX: f64 = 1.6;

/// Retrieves of random people out of so many.
pub struct Retrieves {
    requests: PeopleRequests,
    draws: Draws,
    among: u64,
    /// Bytes of the last answer, head and body.
    pub answer_bytes: (usize, usize),
    /// Bytes of the last request.
    pub request_bytes: usize,
}

impl Retrieves {
    /// Of the first `among` people, or of all where there are fewer.
    pub fn new(requests: PeopleRequests, among: u64) -> Self {
        let among = among.min(requests.count());
        Retrieves { requests, draws: Draws::of(among), among, answer_bytes: (0, 0), request_bytes: 0 }
    }
}

impl Work for Retrieves {
    fn ask(&mut self, _line: usize, out: &mut Vec<u8>) {
        let who = self.draws.below(self.among);
        self.requests.retrieve(who, out);
        self.request_bytes = out.len();
    }

    fn take(&mut self, _line: usize, answer: &Answer<'_>) -> Result<bool, String> {
        answer.expect(200)?;
        self.answer_bytes = (answer.head.len(), answer.body.len());
        Ok(true)
    }
}

/// Measures.
///
/// # Errors
/// One sentence: the hub or the floor does not run.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let people = if bench.smoke { PEOPLE_SMOKE } else { PEOPLE };
    let folder = seeded::folder(bench, people)?;
    let hub = Hub::start(bench, people, &folder, &[bench.server_core], &[])?;
    let requests = || Ok::<_, String>(PeopleRequests::new(seeded::population(people)?));
    let mut spread = Retrieves::new(requests()?, people);
    let mut hot = Retrieves::new(requests()?, HOT);
    let client = [bench.client_core];
    drive(hub.address, LINES, warm_s(bench), &client, &mut spread)?;
    let (head, body) = spread.answer_bytes;
    let floor_body = (0..head + body).find(|bytes| echo::answer(*bytes).len() >= head + body).unwrap_or(body);
    let floor = Server::echo(bench, floor_body)?;
    let version = crate::install::version_of(&bench.spinebench, "--version");
    let command = seeded::command_line(people, &[]);
    let mut rows = [
        row("raw epoll", "-", format!("spinebench-peers floor-echo --bytes {floor_body}")),
        row("hub, all people", &version, command.clone()),
        row("hub, 200 people", &version, command),
    ];
    for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        // The floor is asked the very same requests; it does not understand them.
        sample_all(
            &mut rows[0],
            &measure((floor.pid(), floor.address), LINES, bench.seconds, &client, &mut spread)?,
        );
        sample_all(&mut rows[1], &measure(hub.server(), LINES, bench.seconds, &client, &mut spread)?);
        sample_all(&mut rows[2], &measure(hub.server(), LINES, bench.seconds, &client, &mut hot)?);
    }
    hub.stop()?;
    let floor = median(&rows[0], CPU);
    let target = |who: usize| {
        let ratio = median(&rows[who], CPU) / floor;
        Target {
            what: format!("{}: CPU per request at most {RATIO_MAX} x raw epoll of equal size", rows[who].who),
            measured: format!("{ratio:.2} x"),
            held: ratio <= RATIO_MAX,
        }
    };
    let targets = vec![target(1), target(2)];
    Ok(Table {
        name: "pds-retrieve".to_owned(),
        title: format!("PDS retrieve out of {people} people"),
        method: format!(
            "GET Patient by NHS number on {LINES} connections with one request in flight on each, server on core {}, \
             client on core {}. Requests of {} bytes; answers of {} bytes ({head} of head, {body} of body), the floor's \
             too. \"All people\" draws each person alike, \"{HOT} people\" asks for the same ones again and again. \
             The folder is opened from the disk once, before the first round.",
            bench.server_core,
            bench.client_core,
            spread.request_bytes,
            head + body
        ),
        against: "raw epoll".to_owned(),
        rows: rows.into(),
        targets,
    })
}
