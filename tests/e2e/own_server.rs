//! Claim: a user points the tool at any HTTP server with a scenario and one small interaction file, and no Rust.

use crate::support::{assert_exit, run_record, scenario};
use std::io::{Read, Write};
use std::net::TcpListener;

#[test]
fn any_http_server_can_be_asked_with_one_interaction_file() {
    let _alone = crate::support::alone();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut buffer = [0u8; 4096];
                while matches!(stream.read(&mut buffer), Ok(n) if n > 0) {
                    let seen = String::from_utf8_lossy(&buffer);
                    let status = if seen.starts_with("GET /hello?n=") { "200 OK" } else { "404 Not Found" };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nhi");
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    let (folder, file) = scenario(&format!(
        "title = \"Mine\"\nmix = {{ hello = 1 }}\n[target]\nurl = \"http://{address}\"\n[load]\nconnections = 4\n\
         [[phase]]\nname = \"steady\"\nduration = \"2s\"\nrate = \"200/s\"\n[budget]\nall = {{ errors = \"0%\" }}\n"
    ));
    std::fs::create_dir(folder.path().join("interactions")).expect("made");
    std::fs::write(
        folder.path().join("interactions/hello.toml"),
        "method = \"GET\"\npath = \"/hello?n={{seq}}\"\n[expect]\nstatus = 200\n",
    )
    .expect("written");
    let (output, run) = run_record(&file, &[]);
    assert_exit(&output, 0);
    assert_eq!((run.record.counts.answered, run.record.counts.failed), (400, 0), "{:?}", run.errors);
    assert!(run.record.hub.is_none() && !run.record.validity.warnings.is_empty());
}

#[test]
fn an_answer_that_is_not_the_expected_one_fails_the_budget_and_is_named() {
    let _alone = crate::support::alone();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut buffer = [0u8; 4096];
                while matches!(stream.read(&mut buffer), Ok(n) if n > 0)
                    && stream.write_all(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").is_ok()
                {
                }
            });
        }
    });
    let (folder, file) = scenario(&format!(
        "title = \"Broken\"\nmix = {{ hello = 1 }}\n[target]\nurl = \"http://{address}\"\n[load]\nconnections = 2\n\
         [[phase]]\nname = \"steady\"\nduration = \"1s\"\nrate = \"50/s\"\n[budget]\nall = {{ errors = \"1%\" }}\n"
    ));
    std::fs::create_dir(folder.path().join("interactions")).expect("made");
    std::fs::write(
        folder.path().join("interactions/hello.toml"),
        "method = \"GET\"\npath = \"/\"\n[expect]\nstatus = 200\n",
    )
    .expect("written");
    let (output, run) = run_record(&file, &[]);
    assert_exit(&output, 1);
    assert_eq!((run.record.counts.answered, run.record.counts.failed), (0, 50));
    assert_eq!((run.errors[0].kind.as_str(), run.errors[0].count), ("status", 50), "{:?}", run.errors);
}
