//! Reads an interaction file: as typed, then checked, then compiled. Called by `read_scenario` for every interaction of a
//! mix. All faults go to the log with their lines, also those in the body's file.

use crate::check::Checks;
use crate::credentials::Credentials;
use crate::document::{Log, Section, Source};
use crate::fault::list;
use crate::interaction::Interaction;
use crate::library::{Found, Library};
use crate::nhs_guard;
use crate::read_parts::Reader;
use crate::read_proof;
use crate::render::{METHODS, Request};
use crate::stage::Stage;
use crate::uses;

/// Reads and compiles; `None` when something in it is wrong, which the log then says.
pub(crate) fn read(
    name: &str,
    found: &Found,
    library: &Library,
    credentials: &Credentials,
    log: &Log,
) -> Option<Interaction> {
    if let Some(compiled) = library.compiled(name) {
        return Some(compiled);
    }
    let read = compile(name, found, library, credentials, log)?;
    library.keep(&read);
    Some(read)
}

fn compile(
    name: &str,
    found: &Found,
    library: &Library,
    credentials: &Credentials,
    log: &Log,
) -> Option<Interaction> {
    let before = log.count();
    let source = Source { file: &found.file, text: &found.text, log };
    nhs_guard::scan(source);
    let table = source.parse()?;
    let root = Section::root(source, &table);
    let reader = Reader { source, library, credentials, log };

    let title = root.get("title").and_then(|i| i.text()).unwrap_or(name).to_owned();
    let operation = root.get("operation").and_then(|i| i.text()).unwrap_or(name).to_owned();
    let methods: Vec<(&str, (&'static str, bool))> = METHODS.iter().map(|m| (m.0, *m)).collect();
    let method = root.need("method", &list(METHODS.map(|m| m.0))).and_then(|i| i.one_of(&methods));
    let path = root.need("path", "a path that starts with /").and_then(|i| reader.path(&i));
    let takes: Vec<&Stage> = root
        .get("takes")
        .map(|i| i.elements().iter().filter_map(|i| reader.stage(i)).collect())
        .unwrap_or_default();
    let leaves = root.get("leaves").and_then(|i| reader.stage(&i));
    let keeps = root.get("keeps").and_then(|i| Some((i.boolean()?, i)));
    let (headers, content_type) =
        root.get("headers").and_then(|i| i.section()).map(|s| reader.headers(&s)).unwrap_or_default();
    let body = reader.body(&root, method.map(|m| m.0), &content_type);
    let rules = reader.inputs(root.get("inputs").and_then(|i| i.section()).as_ref(), name, &takes);
    let mut checks = Checks { secrets: credentials.secrets.clone(), ..Checks::default() };
    if let Some(expect) = root.need("expect", "a table with status").and_then(|i| i.section()) {
        reader.expect(&expect, &mut checks);
    }
    match (root.get("capture"), leaves) {
        (Some(item), Some(stage)) => {
            if let Some(section) = item.section() {
                reader.capture(&section, stage, &mut checks);
            }
        }
        (Some(item), None) => {
            log.push(item.fault("nothing is left at a stage").allowed("leaves = \"STAGE\" beside [capture]"));
        }
        (None, Some(stage)) if !stage.hands_over.is_empty() => {
            log.push(root.fault("capture", "is missing").allowed(list(stage.hands_over)));
        }
        (None, _) => {}
    }
    let write = read_proof::Write {
        name,
        method: method.map(|m| m.0),
        rules: &rules,
        takes: &takes,
        statuses: &checks.status,
    };
    let writing = read_proof::read(root.get("proof").as_ref(), &write, &reader, log);
    if let Some((true, item)) = keeps.as_ref().filter(|_| takes.is_empty()) {
        log.push(item.fault("nothing is taken that could be kept").allowed("takes = \"STAGE\" beside keeps"));
    }
    root.finish();

    let request = Request {
        method: method?.0,
        path: path?,
        has_user_agent: headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("user-agent")),
        headers,
        body: body.map(Into::into),
    };
    uses::check("", &request, &checks, &rules, &takes, credentials, log);
    (log.count() == before).then(|| Interaction {
        name: name.to_owned(),
        title,
        operation,
        file: found.file.clone(),
        request,
        checks,
        rules,
        takes: takes.iter().map(|s| s.name).collect(),
        leaves: leaves.map(|s| s.name),
        keeps_taken: keeps.is_some_and(|(keeps, _)| keeps),
        writing,
    })
}
