//! An interaction: one kind of request, what a good answer to it is, and its place in a journey. `read_interaction` makes
//! them from files; the harness renders and checks with them.

use crate::check::{AnswerView, CheckContext, CheckFault, Checks};
use crate::inputs::{RenderContext, Rules};
use crate::proof::Writing;
use crate::prose::Wire;
use crate::render::Request;
use crate::stage::HandOver;

/// A compiled interaction.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Its name: the name of its file.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// The name under which the hub counts it; the interaction's own unless the file says otherwise.
    pub operation: String,
    /// The file it was read from; `built-in` and a path for those in the program.
    pub file: String,
    pub(crate) request: Request,
    pub(crate) checks: Checks,
    pub(crate) rules: Rules,
    pub(crate) takes: Vec<&'static str>,
    pub(crate) leaves: Option<&'static str>,
    pub(crate) keeps_taken: bool,
    pub(crate) writing: Writing,
}

impl Interaction {
    /// The stages it takes from, in order of preference; empty when it takes nothing.
    pub fn takes(&self) -> &[&'static str] {
        &self.takes
    }

    /// The stage it leaves something at.
    pub fn leaves(&self) -> Option<&str> {
        self.leaves
    }

    /// True when what it takes stays true and goes back to its stage after a good answer.
    pub fn keeps_taken(&self) -> bool {
        self.keeps_taken
    }

    /// Its HTTP method.
    pub fn method(&self) -> &str {
        self.request.method
    }

    /// Its path as written, with variables.
    pub fn path(&self) -> &str {
        self.request.path.text()
    }

    /// The statuses of a good answer.
    pub fn statuses(&self) -> &[u16] {
        &self.checks.status
    }

    /// Appends one whole HTTP/1.1 request to `out`: request line, headers, body. The same inputs give the same bytes.
    ///
    /// Allocates nothing of its own once `out` has grown; a person, organisation, end point or session that the template
    /// names costs the few short texts that the population makes for it, a signature a copy of what it signs.
    pub fn render(&self, cx: &RenderContext<'_>, out: &mut Vec<u8>) {
        self.request.write(cx, &self.rules, out);
    }

    /// Puts the same request in place of what `wire` holds, but long texts of its body are not copied.
    pub fn render_wire(&self, cx: &RenderContext<'_>, wire: &mut Wire) {
        self.request.write_wire(cx, &self.rules, wire);
    }

    /// Checks an answer, and on success appends to `left` what it leaves for the journey's next step: nothing, one, or with
    /// `each` several. `cx` is what the request was rendered with; its time is not used.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order status, headers, JSON, captures.
    pub fn check(
        &self,
        answer: &AnswerView<'_>,
        cx: &CheckContext<'_>,
        left: &mut Vec<HandOver>,
    ) -> Result<(), CheckFault> {
        self.checks.run(answer, cx, &self.rules, left)
    }
}
