//! Reads an interaction file: as typed, then checked, then compiled. Called by `read_scenario` for every interaction of a
//! mix. All faults go to the log with their lines, also those in the body's file.

use crate::check::{Checks, Expected, Source as Captured};
use crate::document::{Item, Log, Section, Source};
use crate::fault::list;
use crate::inputs::{Actor, Rule, Rules, stream_of};
use crate::interaction::Interaction;
use crate::library::{Found, Library};
use crate::nhs_guard;
use crate::place::Place;
use crate::pointer::Pointers;
use crate::render::{HEADERS_OWN, METHODS, Request};
use crate::stage::{self, STAGES, Stage};
use crate::template::Template;
use crate::uses;
use crate::variable::{Org, VARIABLES, word};
use std::borrow::Cow;
use std::sync::Arc;
use toml::de::DeValue;

/// What a variable name may be, for messages.
fn variables() -> String {
    list(VARIABLES.iter().map(|v| v.name))
}

/// Reads and compiles; `None` when something in it is wrong, which the log then says.
pub(crate) fn read(name: &str, found: &Found, library: &Library, log: &Log) -> Option<Interaction> {
    if let Some(compiled) = library.compiled(name) {
        return Some(compiled);
    }
    let read = compile(name, found, library, log)?;
    library.keep(&read);
    Some(read)
}

fn compile(name: &str, found: &Found, library: &Library, log: &Log) -> Option<Interaction> {
    let before = log.count();
    let source = Source { file: &found.file, text: &found.text, log };
    nhs_guard::scan(source);
    let table = source.parse()?;
    let root = Section::root(source, &table);
    let reader = Reader { source, library, log };

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
    let mut checks = Checks::default();
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
    if let Some((true, item)) = keeps.as_ref().filter(|_| takes.is_empty()) {
        log.push(item.fault("nothing is taken that could be kept").allowed("takes = \"STAGE\" beside keeps"));
    }
    root.finish();

    let request = Request {
        method: method?.0,
        path: path?,
        has_user_agent: headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("user-agent")),
        headers,
        body,
    };
    uses::check(&request, &checks, &rules, &takes, log);
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
    })
}

struct Reader<'a> {
    source: Source<'a>,
    library: &'a Library,
    log: &'a Log,
}

impl Reader<'_> {
    fn template(&self, item: &Item<'_>, place: Place) -> Option<Template> {
        let Some(text) = item.value().as_str() else {
            item.refuse("not a text", "a text in quotes");
            return None;
        };
        match Template::parse(text, place, &item.what) {
            Ok(template) => Some(template.from(self.source.file, item.line())),
            Err(faults) => {
                for fault in faults {
                    self.log.push(item.fault(fault.problem).got(fault.got).allowed(variables()));
                }
                None
            }
        }
    }

    fn path(&self, item: &Item<'_>) -> Option<Template> {
        if item.value().as_str().is_some_and(|s| !s.starts_with('/')) {
            item.refuse("not a path", "a path that starts with /");
            return None;
        }
        self.template(item, Place::Url)
    }

    fn stage(&self, item: &Item<'_>) -> Option<&'static Stage> {
        let found = item.value().as_str().and_then(stage::find);
        if found.is_none() {
            let names = list(STAGES.iter().map(|s| s.name));
            item.refuse("unknown stage", names);
        }
        found
    }

    /// The headers, and the content type as written.
    fn headers(&self, section: &Section<'_>) -> (Vec<(String, Template)>, String) {
        let (mut headers, mut content_type) = (Vec::new(), String::new());
        for (name, item) in section.entries() {
            let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(token) {
                self.log
                    .push(item.fault("not a header's name").got(name).allowed("letters, digits and hyphens"));
            } else if HEADERS_OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                self.log.push(item.fault("this header is set by the harness itself").got(name));
            } else if item.value().as_str().is_some_and(|s| s.chars().any(char::is_control)) {
                item.refuse("a header's value has a line break", "one line");
            } else if let Some(value) = self.template(&item, Place::Header) {
                if name.eq_ignore_ascii_case("content-type") {
                    value.text().clone_into(&mut content_type);
                }
                headers.push((name.to_owned(), value));
            }
        }
        (headers, content_type)
    }

    fn body(&self, root: &Section<'_>, method: Option<&str>, content_type: &str) -> Option<Template> {
        let (file, text) = (root.get("body"), root.get("body-text"));
        let item = file.as_ref().or(text.as_ref())?;
        if let (Some(_), Some(second)) = (&file, &text) {
            self.log.push(second.fault("two bodies").allowed("body or body-text"));
        }
        if let Some(method @ ("GET" | "HEAD")) = method {
            self.log
                .push(item.fault("a body with this method").got(method).allowed("POST, PUT, PATCH, DELETE"));
        }
        let place = Place::of_body(content_type);
        if file.is_none() {
            return self.template(item, place);
        }
        let path = item.text()?;
        let Some(found) = self.library.find(&format!("interactions/{path}"), self.log) else {
            let form = "a path from the interaction's folder, e.g. ../bodies/NAME.json";
            item.refuse("file not found", form);
            return None;
        };
        let source = Source { file: &found.file, text: &found.text, log: self.log };
        nhs_guard::scan(source);
        // The last line's end belongs to the file, not to the body.
        let text = found.text.strip_suffix('\n').unwrap_or(&found.text);
        // MIME wants CR LF, which neither editors nor version control keep well.
        let sent = if content_type.to_ascii_lowercase().starts_with("multipart/") {
            Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"))
        } else {
            Cow::Borrowed(text)
        };
        let line = |at| Source { text: &sent, ..source }.line(at);
        match Template::parse(&sent, place, "body") {
            Ok(template) => Some(template.from(&found.file, 1)),
            Err(faults) => {
                for fault in faults {
                    self.log.push(
                        crate::fault::Fault::new(&found.file, line(fault.at), "", fault.problem)
                            .got(fault.got)
                            .allowed(variables()),
                    );
                }
                None
            }
        }
    }

    fn inputs(&self, section: Option<&Section<'_>>, name: &str, takes: &[&Stage]) -> Rules {
        let hands = |value: &str| takes.iter().all(|s| s.hands_over.contains(&value)) && !takes.is_empty();
        let rule = |key: &'static str, choices: &[(&str, Rule)], default: Rule| {
            let Some(item) = section.and_then(|s| s.get(key)) else { return default };
            let chosen = item.one_of(choices).unwrap_or(default);
            if chosen == Rule::Capture {
                let needed: &[&str] = match key {
                    "patient" => &["nhs_number"],
                    "mailbox" => &["mailbox", "password"],
                    "practice" => &["practice"],
                    _ => &["pharmacy"],
                };
                for value in needed {
                    self.handed(&item, value, takes);
                }
            }
            chosen
        };
        let two = [("each", Rule::Each), ("random", Rule::Random)];
        let capture = ("capture", Rule::Capture);
        let rules = Rules {
            patient: rule(
                "patient",
                &[two[0], two[1], capture],
                if hands("nhs_number") { Rule::Capture } else { Rule::Each },
            ),
            practice: rule("practice", &[("patient", Rule::Patient), two[0], two[1], capture], Rule::Patient),
            pharmacy: rule(
                "pharmacy",
                &[("nominated", Rule::Patient), two[0], ("ahead", Rule::Ahead), two[1], capture],
                Rule::Patient,
            ),
            organisation: rule("organisation", &two, Rule::Random),
            endpoint: rule("endpoint", &two, Rule::Random),
            session: rule(
                "session",
                &[
                    two[1],
                    two[0],
                    ("practice", Rule::ActsFor(Actor::Organisation(Org::Practice))),
                    ("pharmacy", Rule::ActsFor(Actor::Organisation(Org::Pharmacy))),
                    ("organisation", Rule::ActsFor(Actor::Organisation(Org::Any))),
                    ("endpoint", Rule::ActsFor(Actor::EndPoint)),
                ],
                Rule::Random,
            ),
            mailbox: rule(
                "mailbox",
                &[
                    ("endpoint.mailbox", Rule::EndPoint),
                    ("recipient.mailbox", Rule::Recipient),
                    ("capture.mailbox", Rule::Capture),
                ],
                if hands("mailbox") && hands("password") { Rule::Capture } else { Rule::EndPoint },
            ),
            takes_nothing: takes.is_empty(),
            takes_person: hands("nhs_number"),
            stream: stream_of(name),
        };
        if let Some(section) = section {
            section.finish();
        }
        rules
    }

    /// Reports when a hand-over lacks a value that is asked of it.
    fn handed(&self, item: &Item<'_>, value: &str, takes: &[&Stage]) {
        if takes.is_empty() {
            self.log.push(
                item.fault("nothing is taken from a stage")
                    .got(value)
                    .allowed("takes = \"STAGE\" in this file"),
            );
        }
        for stage in takes.iter().filter(|s| !s.hands_over.is_empty() && !s.hands_over.contains(&value)) {
            let problem = format!("not handed over at {}", stage.name);
            self.log.push(item.fault(&problem).got(value).allowed(list(stage.hands_over)));
        }
    }

    fn expect(&self, section: &Section<'_>, checks: &mut Checks) {
        if let Some(item) = section.need("status", "a status or a list of them, e.g. 200") {
            checks.status =
                item.elements().iter().filter_map(|i| i.whole(100..=599)).map(|n| n as u16).collect();
            if item.elements().is_empty() {
                item.refuse("no status", "a status or a list of them, e.g. [200, 404]");
            }
        }
        if let Some(headers) = section.get("header").and_then(|i| i.section()) {
            for (name, item) in headers.entries() {
                if let Some(expected) = self.expected(&item) {
                    checks.headers.push((name.to_owned(), expected));
                }
            }
        }
        if let Some(json) = section.get("json").and_then(|i| i.section()) {
            for (pointer, item) in json.entries() {
                let slot = self.pointer(&item, pointer, &mut checks.pointers);
                if let (Some(slot), Some(expected)) = (slot, self.expected(&item)) {
                    checks.json.push((pointer.to_owned(), slot, expected));
                }
            }
        }
        section.finish();
    }

    fn expected(&self, item: &Item<'_>) -> Option<Expected> {
        match item.value() {
            DeValue::Boolean(b) => Some(Expected::Boolean(*b)),
            DeValue::Integer(_) | DeValue::Float(_) => item.number().map(Expected::Number),
            DeValue::String(text) => {
                let template = self.template(item, Place::Plain)?;
                // `W/*` is a beginning; the empty text means: present.
                let prefix = text.is_empty() || text.ends_with('*');
                let start = text.strip_suffix('*').unwrap_or(text);
                let template = if prefix {
                    Template::parse(start, Place::Plain, &item.what).ok()?.from(self.source.file, item.line())
                } else {
                    template
                };
                Some(Expected::Text { template, prefix })
            }
            _ => {
                item.refuse("not a value to compare with", "a text, a number, true or false");
                None
            }
        }
    }

    fn pointer(&self, item: &Item<'_>, pointer: &str, pointers: &mut Pointers) -> Option<usize> {
        pointers
            .add(pointer)
            .map_err(|problem| {
                self.log.push(item.fault(problem).got(pointer).allowed("a JSON pointer, e.g. /entry/0/id"));
            })
            .ok()
    }

    fn capture(&self, section: &Section<'_>, stage: &Stage, checks: &mut Checks) {
        if let Some(item) = section.get("each")
            && let Some(pointer) = item.text()
        {
            checks.each = self.pointer(&item, pointer, &mut checks.pointers);
        }
        for (name, item) in section.entries().into_iter().filter(|(name, _)| *name != "each") {
            if word(name).is_none() {
                self.log.push(item.fault("not a name").got(name).allowed("letters, digits, - and _"));
            }
            let Some(text) = item.text() else { continue };
            let source = if let Some(header) = text.strip_prefix("header:") {
                Some(match header.trim().split_once('?') {
                    Some((header, parameter)) => {
                        Captured::HeaderQuery { header: header.to_owned(), parameter: parameter.to_owned() }
                    }
                    None => Captured::Header(header.trim().to_owned()),
                })
            } else if text.starts_with('/') {
                let pointers =
                    if checks.each.is_some() { &mut checks.each_pointers } else { &mut checks.pointers };
                self.pointer(&item, text, pointers)
                    .map(|slot| Captured::Pointer { slot, text: text.to_owned() })
            } else if text.contains("{{") {
                self.template(&item, Place::Plain).map(Captured::Template)
            } else {
                item.refuse(
                    "nothing to capture",
                    "header:NAME, a JSON pointer that starts with /, or a {{variable}}",
                );
                None
            };
            checks.captures.extend(source.map(|source| (Arc::from(name), source)));
        }
        let names: Vec<&str> = section.entries().iter().map(|(name, _)| *name).collect();
        for missing in stage.hands_over.iter().filter(|v| !names.contains(v)) {
            let problem = format!("is missing, {} hands it over", stage.name);
            self.log.push(section.fault(missing, &problem));
        }
    }
}
