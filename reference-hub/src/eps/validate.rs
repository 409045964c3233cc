//! eps-validate: says everything that is wrong with a message before it is sent, and changes nothing.
//!
//! Called by [`super::with_session`]. Answers 200 with an OperationOutcome whether the message is right or not, as FHIR's
//! `$validate` does; 400 only for what is not JSON of a known shape.

use super::claim::{self, Claim};
use super::refusal::{self, Refused};
use super::release;
use super::task::{self, Task};
use super::wire::{Bundle, Parameters};
use super::{body_text, cancel, check, dispense, envelope, parsed, root, signature};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;

/// Any resource, its type only.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Typed<'a> {
    #[serde(borrow)]
    resource_type: Cow<'a, str>,
}

/// Checks a message as its own operation would, but for the state of its prescription.
///
/// # Errors
/// INVALID_MESSAGE when it cannot be read, `value` when no operation of this root takes such a resource.
pub fn validate(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let text = body_text(request)?;
    let (typed, _): (Typed<'_>, _) = parsed(text)?;
    let faults = match (root(request), &*typed.resource_type) {
        (_, "Bundle") => bundle(ctx, root(request), text)?,
        ("fhir-dispensing", "Parameters") => {
            let (parameters, _): (Parameters<'_>, _) = parsed(text)?;
            release::asked(&parameters).err().into_iter().collect()
        }
        ("fhir-dispensing", "Task") => {
            let (task, _): (Task<'_>, _) = parsed(text)?;
            task::asked(&task).err().into_iter().collect()
        }
        ("fhir-dispensing", "Claim") => {
            let (claim, _): (Claim<'_>, _) = parsed(text)?;
            claim::claimed(&claim).err().into_iter().collect()
        }
        ("fhir-dispensing", _) => {
            return Err(refusal::value(
                "Incorrect FHIR resource type. Expected Bundle, Parameters, Task or Claim.",
            ));
        }
        _ => return Err(refusal::value("Incorrect FHIR resource type. Expected Bundle.")),
    };
    let issues: Vec<_> = faults.iter().flat_map(|f| refusal::issues(f)).collect();
    let answer = if issues.is_empty() {
        refusal::done(ctx)
    } else {
        fhir::resource(200, &json!({"resourceType": "OperationOutcome", "issue": issues}))
    };
    Ok(Decision::read(answer, ""))
}

/// The faults of a message. An order need not be signed yet.
fn bundle(ctx: &Context<'_>, root: &str, text: &str) -> Result<Vec<Refused>, Refused> {
    let (bundle, tape): (Bundle<'_>, _) = parsed(text)?;
    Ok(match envelope(root, &bundle) {
        Err(fault) => vec![fault],
        Ok("prescription-order") => {
            let mut faults = check::order(&bundle, ctx.now_ms).err().unwrap_or_default();
            if bundle.all("Provenance").next().is_some() {
                faults.extend(signature::check(&tape, &bundle, ctx.sandbox).err());
            }
            faults
        }
        Ok("prescription-order-update") => cancel::asked(&bundle).err().into_iter().collect(),
        Ok(_) => dispense::told(&bundle).err().into_iter().collect(),
    })
}
