//! Templates: text with `{{variables}}`, cut into segments once, then written again and again. Called when an interaction
//! is read (parse) and for every request (write). Writing allocates nothing of its own.

use crate::credentials::{Credentials, FromMesh, OfMesh};
use crate::draw::name_of;
use crate::inputs::Inputs;
use crate::place::{Place, path_literal};
use crate::variable::{OfEndPoint, Variable};
use std::sync::Arc;

/// A compiled template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Template {
    segments: Vec<Segment>,
    place: Option<Place>,
    /// As written, for messages and documentation.
    text: String,
    /// The file and line where the text begins.
    file: String,
    line: usize,
}

#[derive(Debug, Clone)]
enum Segment {
    Text(Box<[u8]>),
    Value { variable: Variable, escape: bool, at: usize },
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateFault {
    /// Byte offset in the text.
    pub at: usize,
    /// What is wrong.
    pub problem: &'static str,
    /// What stands there.
    pub got: String,
}

impl Template {
    /// Cuts `text` at its variables. `owner` names the part of the interaction: fresh values differ between owners.
    ///
    /// # Errors
    /// All variables that do not exist, and braces that are not closed.
    pub(crate) fn parse(text: &str, place: Place, owner: &str) -> Result<Template, Vec<TemplateFault>> {
        let (mut segments, mut faults) = (Vec::new(), Vec::new());
        let owner = name_of(owner);
        let mut at = 0;
        let literal = |segments: &mut Vec<Segment>, text: &str| {
            if !text.is_empty() {
                let bytes = if place == Place::Url {
                    path_literal(text).into_bytes()
                } else {
                    text.as_bytes().to_vec()
                };
                segments.push(Segment::Text(bytes.into()));
            }
        };
        while let Some(open) = text[at..].find("{{").map(|i| at + i) {
            literal(&mut segments, &text[at..open]);
            let Some(close) = text[open..].find("}}").map(|i| open + i) else {
                let got = text[open..].chars().take(30).collect();
                faults.push(TemplateFault { at: open, problem: "variable is not closed by }}", got });
                return Err(faults);
            };
            let name = text[open + 2..close].trim();
            match Variable::parse(name, owner ^ (open as u64).wrapping_mul(0x2545_f491_4f6c_dd1d)) {
                Some(variable) => {
                    // Prose is letters and marks that only a URL minds.
                    let safe = variable.is_safe()
                        || matches!(variable, Variable::Text { .. }) && place != Place::Url;
                    let escape = place != Place::Plain && !safe;
                    segments.push(Segment::Value { variable, escape, at: open });
                }
                None => {
                    faults.push(TemplateFault {
                        at: open,
                        problem: "unknown variable",
                        got: name.to_owned(),
                    });
                }
            }
            at = close + 2;
        }
        literal(&mut segments, &text[at..]);
        if faults.is_empty() {
            Ok(Template { segments, place: Some(place), text: text.to_owned(), file: String::new(), line: 1 })
        } else {
            Err(faults)
        }
    }

    /// Puts the scenario's credentials in: the cell of each that is named, and the user's own mailbox, when there is one, where
    /// one of the population's would stand.
    pub(crate) fn with(mut self, credentials: &Credentials) -> Self {
        for segment in &mut self.segments {
            let Segment::Value { variable, .. } = segment else { continue };
            if let Variable::Credential(named) = variable {
                named.cell = credentials.cell(&named.name);
            }
            let of = match variable {
                Variable::MeshAuthorization => OfMesh::Authorization,
                Variable::EndPoint { of: OfEndPoint::Mailbox, .. } => OfMesh::Mailbox,
                Variable::EndPoint { of: OfEndPoint::MailboxPassword, .. } => OfMesh::Password,
                _ => continue,
            };
            if let Some(own) = &credentials.mesh {
                *variable = Variable::OwnMesh(FromMesh { own: Arc::clone(own), of });
            }
        }
        self
    }

    /// Says where the text begins, for faults that are found later.
    pub(crate) fn from(mut self, file: &str, line: usize) -> Self {
        (self.file, self.line) = (file.to_owned(), line);
        self
    }

    /// The variables in order, each with its file and line.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&Variable, &str, usize)> {
        self.segments.iter().filter_map(|s| match s {
            Segment::Value { variable, at, .. } => {
                let lines_before = self.text.as_bytes()[..*at].iter().filter(|b| **b == b'\n').count();
                Some((variable, self.file.as_str(), self.line + lines_before))
            }
            Segment::Text(_) => None,
        })
    }

    /// True when it is the same for every request.
    pub(crate) fn is_constant(&self) -> bool {
        self.variables().next().is_none()
    }

    /// True when it stands in JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.place == Some(Place::Json)
    }

    /// As written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// True when a signature of the whole stands in it.
    pub(crate) fn is_signed(&self) -> bool {
        self.variables().any(|(variable, ..)| matches!(variable, Variable::PrescriptionSignature))
    }

    /// Appends the text with its values.
    pub(crate) fn write(&self, inputs: &mut Inputs<'_>, out: &mut Vec<u8>) {
        for segment in &self.segments {
            match segment {
                Segment::Text(bytes) => out.extend_from_slice(bytes),
                Segment::Value { variable, escape, .. } => {
                    let start = out.len();
                    inputs.write(variable, out);
                    if let Some(place) = self.place.filter(|_| *escape) {
                        place.escape(out, start);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_variables_are_all_reported_with_their_places() {
        let faults = Template::parse("a{{patient.nhs}}b\n{{uuid}}{{nope}}", Place::Plain, "x").unwrap_err();
        assert_eq!(faults.len(), 2);
        assert_eq!((faults[0].at, faults[0].got.as_str()), (1, "patient.nhs"));
        assert_eq!((faults[1].at, faults[1].got.as_str()), (26, "nope"));
        assert_eq!(Template::parse("a{{uuid", Place::Plain, "x").unwrap_err()[0].got, "{{uuid");
    }

    #[test]
    fn blanks_inside_the_braces_do_not_matter() {
        let template = Template::parse("{{ uuid }}", Place::Plain, "x").unwrap();
        assert!(!template.is_constant());
        assert!(Template::parse("{ no } variable", Place::Plain, "x").unwrap().is_constant());
    }
}
