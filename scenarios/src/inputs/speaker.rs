//! In whose name a request comes: the organisation whose session, system or mailbox it shows. Under mutual TLS a server takes
//! it only over a connection with that organisation's certificate, so whoever sends asks here first. Called through
//! [`Interaction::speaks_for`]; the same inputs give the same answer as rendering the request does.

use super::{Inputs, RenderContext, Rule};
use crate::interaction::Interaction;
use crate::variable::{OfEndPoint, OfSession, Variable};

/// In whose name a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaker {
    /// Index of the organisation.
    pub organisation: u32,
    /// Index of the organisation's end point, when the request shows which of its systems it comes from.
    pub end_point: Option<u32>,
}

impl Interaction {
    /// In whose name the request of `cx` comes; `None` when it says nothing of it (a look-up that everybody may make), or
    /// when the population does not know it.
    pub fn speaks_for(&self, cx: &RenderContext<'_>) -> Option<Speaker> {
        let request = &self.request;
        let headers = request.headers.iter().map(|(_, template)| template);
        let said = headers
            .chain([&request.path])
            .chain(request.body.as_ref().map(|body| &body.template))
            .flat_map(|t| t.variables());
        let mut inputs = Inputs::new(cx, &self.rules);
        said.map(|(variable, _, _)| variable).find(|v| tells(v)).and_then(|v| inputs.speaker(v)).or_else(
            || {
                // Whoever takes up a log-in is the one who began it.
                of_organisation(cx.population.organisation_with(inputs.captured("ods")))
            },
        )
    }
}

/// True when a server reads from it who is asking.
fn tells(variable: &Variable) -> bool {
    match variable {
        Variable::Session(OfSession::Token | OfSession::UserId) | Variable::MeshAuthorization => true,
        Variable::EndPoint { of: OfEndPoint::Token, .. } => true,
        Variable::Capture(name) => name.ends_with(TOKEN),
        _ => false,
    }
}

/// End of the names of captured tokens; the code of whom they belong to is captured under the same name with `_ods`.
const TOKEN: &str = "_token";

fn of_organisation(organisation: Option<u32>) -> Option<Speaker> {
    organisation.map(|organisation| Speaker { organisation, end_point: None })
}

impl Inputs<'_> {
    fn speaker(&mut self, variable: &Variable) -> Option<Speaker> {
        let population = self.cx.population;
        let organisations = population.sizes().organisations;
        match variable {
            Variable::Session(_) => of_organisation(Some(self.session_index() % organisations)),
            Variable::EndPoint { recipient, .. } => Some(self.system(*recipient)),
            Variable::MeshAuthorization => match self.rules.mailbox {
                Rule::Capture => {
                    // A mailbox is its organisation's code, `OT`, and which of its systems it belongs to, from 1.
                    let (ods, number) = self.captured("mailbox").rsplit_once("OT")?;
                    let organisation = population.organisation_with(ods)?;
                    let before = number.parse::<u32>().ok()?.checked_sub(1)?;
                    let end_point = before.checked_mul(organisations)?.checked_add(organisation);
                    Some(Speaker { organisation, end_point })
                }
                rule => Some(self.system(rule == Rule::Recipient)),
            },
            Variable::Capture(name) => {
                let party = name.strip_suffix(TOKEN)?;
                of_organisation(population.organisation_with(self.captured(&format!("{party}_ods"))))
            }
            _ => None,
        }
    }

    fn system(&mut self, recipient: bool) -> Speaker {
        let (sizes, end_point) =
            (self.cx.population.sizes(), self.endpoint_of(recipient) % self.cx.population.sizes().endpoints);
        Speaker { organisation: end_point % sizes.organisations, end_point: Some(end_point) }
    }
}
