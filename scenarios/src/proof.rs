//! How a write that was acknowledged is looked up again through the published interfaces: a request of its own, made from
//! what was kept of the write, and what its answer must show. Compiled by `read_proof`; the harness asks it after a run in
//! which the system under test was killed or restarted. It knows no connection and no time.

use crate::check::{AnswerView, CheckContext, CheckFault, Checks};
use crate::inputs::{RenderContext, Rules};
use crate::interaction::Interaction;
use crate::render::Request;
use crate::stage::HandOver;

/// What an interaction changes at the system under test.
#[derive(Debug, Clone)]
pub(crate) enum Writing {
    /// Nothing: it reads.
    Nothing,
    /// Something that cannot be looked up again, and why.
    Unproven(String),
    /// Something that can.
    Proven(Box<Proof>),
}

/// How to look a write up again.
#[derive(Debug, Clone)]
pub struct Proof {
    pub(crate) request: Request,
    pub(crate) rules: Rules,
    /// What is kept of the write and its answer.
    pub(crate) keep: Checks,
    pub(crate) expect: Checks,
    /// What the answer shows when the write is there more than once; where no answer could, there is none.
    pub(crate) several: Option<Checks>,
}

/// What an answer says of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// It is there.
    Once,
    /// It is there more than once.
    Several,
    /// It is not there, and in what the answer differs.
    Missing(CheckFault),
}

impl Proof {
    /// True when an answer can show that the write is there more than once.
    pub fn tells_duplicates(&self) -> bool {
        self.several.is_some()
    }

    /// Its HTTP method.
    pub fn method(&self) -> &str {
        self.request.method
    }

    /// Appends the request; `cx.taken` is what was kept. Its arrival number must be none of the run's: a request that is
    /// signed with a number used once would be refused as a replay.
    pub fn render(&self, cx: &RenderContext<'_>, out: &mut Vec<u8>) {
        self.request.write(cx, &self.rules, out);
    }

    /// What an answer says of the write.
    pub fn judge(&self, answer: &AnswerView<'_>, cx: &CheckContext<'_>) -> Proven {
        let mut none = Vec::new();
        let several = self.several.as_ref();
        if several.is_some_and(|checks| checks.run(answer, cx, &self.rules, &mut none).is_ok()) {
            return Proven::Several;
        }
        match self.expect.run(answer, cx, &self.rules, &mut none) {
            Ok(()) => Proven::Once,
            Err(fault) => Proven::Missing(fault),
        }
    }
}

impl Interaction {
    /// True when a good answer to it acknowledges a change.
    pub fn writes(&self) -> bool {
        !matches!(self.writing, Writing::Nothing)
    }

    /// How its writes are looked up again.
    pub fn proof(&self) -> Option<&Proof> {
        match &self.writing {
            Writing::Proven(proof) => Some(proof),
            Writing::Nothing | Writing::Unproven(_) => None,
        }
    }

    /// Why its writes cannot be looked up again, for those that cannot.
    pub fn unproven(&self) -> Option<&str> {
        match &self.writing {
            Writing::Unproven(why) => Some(why),
            Writing::Nothing | Writing::Proven(_) => None,
        }
    }

    /// What its proof needs of a write with a good answer; `None` when it has no proof. `cx` is what the request was
    /// rendered with; its time is not used.
    ///
    /// # Errors
    /// What the answer lacks.
    pub fn keep(
        &self,
        answer: &AnswerView<'_>,
        cx: &CheckContext<'_>,
    ) -> Option<Result<HandOver, CheckFault>> {
        let proof = self.proof()?;
        let mut kept = Vec::new();
        let ran = proof.keep.run(answer, cx, &self.rules, &mut kept);
        Some(ran.map(|()| kept.pop().unwrap_or_default()))
    }
}
