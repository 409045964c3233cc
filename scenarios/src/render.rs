//! A request, ready to be written: method, path, headers and body as templates. Writes whole HTTP/1.1 requests into the
//! caller's buffer. It never opens a connection.

use crate::inputs::{Inputs, RenderContext, Rules};
use crate::prose::Wire;
use crate::signature;
use crate::template::Template;
use crate::time::plain;

/// A compiled request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: &'static str,
    pub path: Template,
    /// Names as written, with the values.
    pub headers: Vec<(String, Template)>,
    /// True when the headers name a `User-Agent` of their own.
    pub has_user_agent: bool,
    pub body: Option<Body>,
}

/// The template of a body, with what is known of it beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub template: Template,
    /// A signature of the whole stands in it.
    signed: bool,
}

impl From<Template> for Body {
    fn from(template: Template) -> Self {
        Body { signed: template.is_signed(), template }
    }
}

/// Methods an interaction may use. Those that carry a body send `Content-Length: 0` when there is none.
pub(crate) const METHODS: [(&str, bool); 7] = [
    ("GET", false),
    ("HEAD", false),
    ("POST", true),
    ("PUT", true),
    ("PATCH", true),
    ("DELETE", true),
    ("OPTIONS", true),
];

/// Headers that the harness itself sets.
pub(crate) const HEADERS_OWN: [&str; 4] = ["host", "connection", "content-length", "transfer-encoding"];

const LENGTH: &[u8] = b"Content-Length: ";

impl Request {
    /// Appends the request, all of it in one.
    pub(crate) fn write(&self, cx: &RenderContext<'_>, rules: &Rules, out: &mut Vec<u8>) {
        self.write_with(Inputs::new(cx, rules), out);
    }

    /// Puts the request in place of what `wire` holds, long texts beside the bytes.
    pub(crate) fn write_wire(&self, cx: &RenderContext<'_>, rules: &Rules, wire: &mut Wire) {
        wire.clear();
        let mut inputs = Inputs::new(cx, rules);
        // What is signed has to lie together.
        let apart = self.body.as_ref().is_some_and(|body| !body.signed);
        inputs.fills = apart.then_some(&mut wire.fills);
        self.write_with(inputs, &mut wire.bytes);
    }

    fn write_with(&self, mut inputs: Inputs<'_>, out: &mut Vec<u8>) {
        let cx = inputs.context();
        // Of the body alone: its length is what they add to.
        let fills = inputs.fills.take();
        out.extend_from_slice(self.method.as_bytes());
        out.push(b' ');
        self.path.write(&mut inputs, out);
        out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        out.extend_from_slice(cx.host.as_bytes());
        out.extend_from_slice(b"\r\nConnection: keep-alive\r\n");
        if !self.has_user_agent {
            out.extend_from_slice(b"User-Agent: spinebench\r\n");
        }
        for (name, value) in &self.headers {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            value.write(&mut inputs, out);
            out.extend_from_slice(b"\r\n");
        }
        let Some(body) = &self.body else {
            if METHODS.contains(&(self.method, true)) {
                out.extend_from_slice(b"Content-Length: 0\r\n");
            }
            return out.extend_from_slice(b"\r\n");
        };
        // The length stands before the body and is known after it: write the body, then move it up by the length's line.
        // Moving 14 KB costs a third of a microsecond, less than a second buffer would cost in cache.
        let start = out.len();
        inputs.fills = fills;
        body.template.write(&mut inputs, out);
        signature::sign(out, start, &inputs.signatures);
        let end = out.len();
        let fills = inputs.fills.as_deref_mut().map_or(&mut [][..], |fills| fills);
        let beside: usize = fills.iter().map(|f| f.bytes().len()).sum();
        out.extend_from_slice(LENGTH);
        plain(out, (end - start + beside) as u64);
        out.extend_from_slice(b"\r\n\r\n");
        let line = out.len() - end;
        fills.iter_mut().for_each(|f| f.at += line);
        out[start..].rotate_right(line);
    }
}
