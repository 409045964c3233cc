//! Reads the parts that an interaction and its proof have in common: path, headers, body, inputs, expectations, captures.
//! Called by `read_interaction` and `read_proof`.

use crate::check::{Checks, Expected, Source as Captured};
use crate::credentials::Credentials;
use crate::document::{Item, Log, Section, Source};
use crate::fault::list;
use crate::inputs::{Actor, Rule, Rules, stream_of};
use crate::library::Library;
use crate::nhs_guard;
use crate::place::Place;
use crate::pointer::Pointers;
use crate::render::HEADERS_OWN;
use crate::stage::{self, STAGES, Stage};
use crate::template::Template;
use crate::variable::{Org, VARIABLES, word};
use std::borrow::Cow;
use std::sync::Arc;
use toml::de::DeValue;

/// What a variable name may be, for messages.
fn variables() -> String {
    list(VARIABLES.iter().map(|v| v.name))
}

/// Reads the parts that interactions and their proofs have in common.
pub(crate) struct Reader<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) library: &'a Library,
    /// Credentials that templates may name.
    pub(crate) credentials: &'a Credentials,
    pub(crate) log: &'a Log,
}

impl Reader<'_> {
    fn template(&self, item: &Item<'_>, place: Place) -> Option<Template> {
        let Some(text) = item.value().as_str() else {
            item.refuse("not a text", "a text in quotes");
            return None;
        };
        match Template::parse(text, place, &item.what) {
            Ok(template) => Some(template.with(self.credentials).from(self.source.file, item.line())),
            Err(faults) => {
                for fault in faults {
                    self.log.push(item.fault(fault.problem).got(fault.got).allowed(variables()));
                }
                None
            }
        }
    }

    pub(crate) fn path(&self, item: &Item<'_>) -> Option<Template> {
        if item.value().as_str().is_some_and(|s| !s.starts_with('/')) {
            item.refuse("not a path", "a path that starts with /");
            return None;
        }
        self.template(item, Place::Url)
    }

    pub(crate) fn stage(&self, item: &Item<'_>) -> Option<&'static Stage> {
        let found = item.value().as_str().and_then(stage::find);
        if found.is_none() {
            let names = list(STAGES.iter().map(|s| s.name));
            item.refuse("unknown stage", names);
        }
        found
    }

    /// The headers, and the content type as written.
    pub(crate) fn headers(&self, section: &Section<'_>) -> (Vec<(String, Template)>, String) {
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

    pub(crate) fn body(
        &self,
        root: &Section<'_>,
        method: Option<&str>,
        content_type: &str,
    ) -> Option<Template> {
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
            Ok(template) => Some(template.with(self.credentials).from(&found.file, 1)),
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

    pub(crate) fn inputs(&self, section: Option<&Section<'_>>, name: &str, takes: &[&Stage]) -> Rules {
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

    pub(crate) fn expect(&self, section: &Section<'_>, checks: &mut Checks) {
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
                // `>= W/"3"`: the number in it must be at least the number in that.
                if let Some(least) = text.strip_prefix(">= ") {
                    let template = Template::parse(least, Place::Plain, &item.what).ok()?;
                    return Some(Expected::AtLeast(template.from(self.source.file, item.line())));
                }
                // `W/*` is a beginning; the empty text means: present.
                let prefix = text.is_empty() || text.ends_with('*');
                let start = text.strip_suffix('*').unwrap_or(text);
                let template = if prefix {
                    let template = Template::parse(start, Place::Plain, &item.what).ok()?;
                    template.with(self.credentials).from(self.source.file, item.line())
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

    pub(crate) fn capture(&self, section: &Section<'_>, stage: &Stage, checks: &mut Checks) {
        if let Some(item) = section.get("each")
            && let Some(pointer) = item.text()
        {
            checks.each = self.pointer(&item, pointer, &mut checks.pointers);
        }
        self.captures(section, checks);
        let names: Vec<&str> = section.entries().iter().map(|(name, _)| *name).collect();
        for missing in stage.hands_over.iter().filter(|v| !names.contains(v)) {
            let problem = format!("is missing, {} hands it over", stage.name);
            self.log.push(section.fault(missing, &problem));
        }
    }

    /// What is kept of an answer, by name.
    pub(crate) fn captures(&self, section: &Section<'_>, checks: &mut Checks) {
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
    }
}
