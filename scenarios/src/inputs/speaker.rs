//! In whose name a request comes: the organisation whose session, system or mailbox it shows. Under mutual TLS a server takes
//! it only over a connection with that organisation's certificate, so whoever sends asks here first. Called through
//! [`Interaction::speaks_for`]; the same inputs give the same answer as rendering the request does.

use super::{Inputs, RenderContext, Rule};
use crate::interaction::Interaction;
use crate::variable::{OfEndPoint, Variable};

impl Interaction {
    /// Index of the organisation in whose name the request of `cx` comes; `None` when it says nothing of it (a look-up
    /// that everybody may make), or when the population does not know it.
    pub fn speaks_for(&self, cx: &RenderContext<'_>) -> Option<u32> {
        let request = &self.request;
        let headers = request.headers.iter().map(|(_, template)| template);
        let said = headers.chain([&request.path]).chain(&request.body).flat_map(|t| t.variables());
        let mut inputs = Inputs::new(cx, &self.rules);
        said.map(|(variable, _, _)| variable).find(|v| tells(v)).and_then(|v| inputs.speaker(v)).or_else(
            || {
                // Whoever takes up a log-in is the one who began it.
                cx.population.organisation_with(inputs.captured("ods"))
            },
        )
    }
}

/// True when a server reads from it who is asking.
fn tells(variable: &Variable) -> bool {
    match variable {
        Variable::Session(_) | Variable::MeshAuthorization => true,
        Variable::EndPoint { of: OfEndPoint::Token, .. } => true,
        Variable::Capture(name) => name.ends_with(TOKEN),
        _ => false,
    }
}

/// End of the names of captured tokens; the code of whom they belong to is captured under the same name with `_ods`.
const TOKEN: &str = "_token";

impl Inputs<'_> {
    fn speaker(&mut self, variable: &Variable) -> Option<u32> {
        let population = self.cx.population;
        let organisations = population.sizes().organisations;
        match variable {
            Variable::Session(_) => Some(self.session_index() % organisations),
            Variable::EndPoint { recipient, .. } => Some(self.endpoint(*recipient).organisation),
            Variable::MeshAuthorization => match self.rules.mailbox {
                // A mailbox begins with its organisation's code.
                Rule::Capture => {
                    let (ods, _) = self.captured("mailbox").rsplit_once("OT")?;
                    population.organisation_with(ods)
                }
                rule => Some(self.endpoint(rule == Rule::Recipient).organisation),
            },
            Variable::Capture(name) => {
                let party = name.strip_suffix(TOKEN)?;
                population.organisation_with(self.captured(&format!("{party}_ods")))
            }
            _ => None,
        }
    }
}
