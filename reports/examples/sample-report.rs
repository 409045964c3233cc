//! Writes a run record of made-up figures, report included, into the folder named on the command line: to look at the
//! page while changing it. `cargo run -p reports --example sample-report -- target/sample`

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "../tests/support/eventful.rs"]
mod eventful;

use std::path::Path;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/sample".to_owned());
    let run = eventful::eventful();
    let html = reports::html(&run);
    match run_record::write(Path::new(&folder), "sample", &run, &[("report.html", html.as_bytes())]) {
        Ok(record) => println!("{}", reports::summary_at(&run, &record)),
        Err(error) => eprintln!("{error}"),
    }
}
