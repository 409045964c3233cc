//! A request's JSON, read once: where each value stands in the text, so that what handlers ask for is looked up, what they do
//! not is passed over in one step, and what is stored is copied in whole pieces.
//!
//! Called by the EPS handlers, by the seed, and by [`super::compact`]. Takes exactly the texts that serde_json takes as
//! `IgnoredAny`; never changes or copies one.

use bytes::Bytes;
use memchr::memchr2;
use std::borrow::Cow;

/// Containers that readers of JSON take within one another; serde_json's own limit, which guards the stack.
pub const DEPTH_MAX: u32 = 127;

/// Bytes of a text for each of its tokens, so that the first guess of their number is seldom too small. Eight: FHIR has ten.
const TOKEN_BYTES: usize = 8;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object: its members follow, each a text and a value.
    Object,
    /// An array: its values follow.
    Array,
    /// A string that stands as it is.
    Text,
    /// A string with escapes.
    Escaped,
    /// A number, `true`, `false` or `null`.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Token {
    kind: Kind,
    /// First byte, and the first after it.
    start: u32,
    end: u32,
    /// The token after all that is inside this one.
    next: u32,
}

/// A text of JSON with its tokens.
#[derive(Debug)]
pub struct Tape<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// White space between tokens: first byte, and the first after it.
    spaces: Vec<(u32, u32)>,
}

impl<'t> Tape<'t> {
    /// Reads a text; `None` when it is not JSON, or longer than 4 GiB.
    pub fn read(text: &'t str) -> Option<Tape<'t>> {
        u32::try_from(text.len()).ok()?;
        let tokens = Vec::with_capacity(text.len() / TOKEN_BYTES);
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, tokens, spaces: Vec::new() };
        reader.document()?;
        reader.strings_are_plain().then_some(())?;
        Some(Tape { text, tokens: reader.tokens, spaces: reader.spaces })
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_, 't> {
        Node { tape: self, index: 0, depth: 0 }
    }

    /// The whole text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// True when there is no white space between the tokens.
    pub fn is_compact(&self) -> bool {
        self.spaces.is_empty()
    }
}

/// A value in a tape.
#[derive(Debug, Clone, Copy)]
pub struct Node<'p, 't> {
    tape: &'p Tape<'t>,
    index: u32,
    /// Containers around it.
    depth: u32,
}

impl<'p, 't> Node<'p, 't> {
    fn token(self) -> Token {
        self.tape.tokens[self.index as usize]
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.token().kind
    }

    /// Where it begins, in bytes of the text.
    pub fn start(self) -> usize {
        self.token().start as usize
    }

    /// Where it has ended.
    pub fn end(self) -> usize {
        self.token().end as usize
    }

    /// The value as it stands in the text.
    pub fn raw(self) -> &'t str {
        &self.tape.text[self.start()..self.end()]
    }

    /// How many containers are around what is inside it; `None` beyond [`DEPTH_MAX`].
    pub fn inner_depth(self) -> Option<u32> {
        Some(self.depth + 1).filter(|depth| *depth <= DEPTH_MAX)
    }

    /// All that is inside a container: the values of an array, the names and values of an object in turn.
    pub fn inside(self) -> Inside<'p, 't> {
        let Token { next, .. } = self.token();
        Inside { next: Node { index: self.index + 1, depth: self.depth + 1, ..self }, end: next }
    }

    /// The values of an array; none of anything else.
    pub fn elements(self) -> impl Iterator<Item = Node<'p, 't>> {
        self.inside().take_while(move |_| self.kind() == Kind::Array)
    }

    /// Names and values of an object's members; none of anything else.
    pub fn members(self) -> impl Iterator<Item = (Node<'p, 't>, Node<'p, 't>)> {
        let mut inside = self.inside();
        let is_object = self.kind() == Kind::Object;
        std::iter::from_fn(move || if is_object { Some((inside.next()?, inside.next()?)) } else { None })
    }

    /// The value of an object's member, of several of one name the last.
    pub fn get(self, name: &str) -> Option<Node<'p, 't>> {
        self.members().filter(|(known, _)| known.is(name)).last().map(|(_, value)| value)
    }

    /// True for this string.
    pub fn is(self, text: &str) -> bool {
        match self.kind() {
            Kind::Text => {
                let Token { start, end, .. } = self.token();
                // Lengths first: most names differ in it.
                (end - start) as usize == text.len() + 2
                    && self.tape.text.as_bytes()[start as usize + 1..][..text.len()] == *text.as_bytes()
            }
            Kind::Escaped => self.string().is_some_and(|own| own == text),
            _ => false,
        }
    }

    /// What stands between the quotes of a string without escapes.
    pub fn plain(self) -> Option<&'t str> {
        let Token { kind, start, end, .. } = self.token();
        (kind == Kind::Text).then(|| &self.tape.text[start as usize + 1..end as usize - 1])
    }

    /// A string without its escapes; `None` when it is none, or one of its escapes is of no character.
    pub fn string(self) -> Option<Cow<'t, str>> {
        match self.kind() {
            Kind::Escaped => serde_json::from_str(self.raw()).ok().map(Cow::Owned),
            _ => self.plain().map(Cow::Borrowed),
        }
    }
}

/// The values inside a container.
#[derive(Clone)]
pub struct Inside<'p, 't> {
    next: Node<'p, 't>,
    end: u32,
}

impl<'p, 't> Iterator for Inside<'p, 't> {
    type Item = Node<'p, 't>;

    fn next(&mut self) -> Option<Node<'p, 't>> {
        let node = self.next;
        (node.index < self.end).then(|| {
            self.next.index = node.token().next;
            node
        })
    }
}

/// Copies a text without the white space between its tokens, in pieces between which something may be put.
pub struct Compact<'p, 't> {
    tape: &'p Tape<'t>,
    /// How much of the text is copied, and how many of its spaces are passed over.
    at: usize,
    spaces: usize,
    out: Vec<u8>,
}

impl<'p, 't> Compact<'p, 't> {
    /// Nothing copied yet; about `more` bytes are going to be put between.
    pub fn new(tape: &'p Tape<'t>, more: usize) -> Self {
        Compact { tape, at: 0, spaces: 0, out: Vec::with_capacity(tape.text.len() + more) }
    }

    /// Copies up to the byte `to` of the text, where a token begins or ends.
    pub fn to(&mut self, to: usize) {
        let text = self.tape.text.as_bytes();
        while let Some((from, end)) = self.tape.spaces.get(self.spaces).filter(|(_, end)| *end as usize <= to)
        {
            self.out.extend_from_slice(&text[self.at..*from as usize]);
            (self.at, self.spaces) = (*end as usize, self.spaces + 1);
        }
        self.out.extend_from_slice(&text[self.at..to]);
        self.at = to;
    }

    /// Puts these bytes where the copy has got to.
    pub fn put(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.out.extend_from_slice(part));
    }

    /// Copies the rest.
    pub fn finish(mut self) -> Bytes {
        self.to(self.tape.text.len());
        Bytes::from(self.out)
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    tokens: Vec<Token>,
    spaces: Vec<(u32, u32)>,
}

impl Reader<'_> {
    /// Reads one value and the white space around it, to the end. Keeps its own stack, so that no depth is too deep.
    fn document(&mut self) -> Option<()> {
        let mut open: Vec<usize> = Vec::new();
        loop {
            self.space();
            let start = self.at;
            match *self.bytes.get(start)? {
                b'"' => self.string()?,
                b'{' => {
                    open.push(self.open(Kind::Object));
                    self.space();
                    if *self.bytes.get(self.at)? != b'}' {
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    open.push(self.open(Kind::Array));
                    self.space();
                    if *self.bytes.get(self.at)? != b']' {
                        continue;
                    }
                }
                _ => {
                    self.at += scalar(&self.bytes[start..])?;
                    self.token(Kind::Other, start);
                }
            }
            // A value has ended, or an empty container is about to: close what ends here.
            loop {
                self.space();
                let Some(container) = open.last() else {
                    return (self.at == self.bytes.len()).then_some(());
                };
                let container = *container;
                match (*self.bytes.get(self.at)?, self.tokens[container].kind) {
                    (b',', Kind::Object) => {
                        self.at += 1;
                        self.space();
                        self.name()?;
                        break;
                    }
                    (b',', Kind::Array) => {
                        self.at += 1;
                        break;
                    }
                    (b'}', Kind::Object) | (b']', Kind::Array) => {
                        self.at += 1;
                        let next = self.tokens.len() as u32; // fewer than bytes, of which there are less than 4 GiB
                        let token = &mut self.tokens[container];
                        (token.end, token.next) = (self.at as u32, next);
                        open.pop();
                    }
                    _ => return None,
                }
            }
        }
    }

    fn space(&mut self) {
        if self.bytes.get(self.at).is_some_and(|b| *b <= b' ') {
            let is_space = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
            let start = self.at;
            let length = self.bytes[start..].iter().take_while(|b| is_space(b)).count();
            self.at += length;
            self.spaces.push((start as u32, self.at as u32)); // empty before a control character, which no token begins with
        }
    }

    fn open(&mut self, kind: Kind) -> usize {
        self.at += 1;
        self.token(kind, self.at - 1);
        self.tokens.len() - 1
    }

    /// Notes a token that has been read up to here.
    fn token(&mut self, kind: Kind, start: usize) {
        let next = self.tokens.len() as u32 + 1;
        self.tokens.push(Token { kind, start: start as u32, end: self.at as u32, next });
    }

    /// A member's name and the colon after it.
    fn name(&mut self) -> Option<()> {
        (*self.bytes.get(self.at)? == b'"').then_some(())?;
        self.string()?;
        self.space();
        (*self.bytes.get(self.at)? == b':').then_some(())?;
        self.at += 1;
        Some(())
    }

    /// A string, whose opening quote is here.
    fn string(&mut self) -> Option<()> {
        let start = self.at;
        let mut kind = Kind::Text;
        self.at += 1;
        loop {
            self.at += memchr2(b'"', b'\\', &self.bytes[self.at..])?;
            if self.bytes[self.at] == b'"' {
                break;
            }
            kind = Kind::Escaped;
            self.at += escape(&self.bytes[self.at + 1..])?;
        }
        self.at += 1;
        self.token(kind, start);
        Some(())
    }

    /// True when no string has a control character: all that the text has stand between tokens.
    fn strings_are_plain(&self) -> bool {
        let between = self.spaces.iter().map(|(from, to)| &self.bytes[*from as usize..*to as usize]);
        controls(self.bytes) == between.map(controls).sum::<usize>()
    }
}

/// How many control characters there are. In lots small enough for sums of one byte, which the compiler makes in parallel.
fn controls(bytes: &[u8]) -> usize {
    let lot = |bytes: &[u8]| bytes.iter().map(|b| u8::from(*b < b' ')).sum::<u8>();
    bytes.chunks(128).map(|bytes| usize::from(lot(bytes))).sum()
}

/// Bytes of an escape and of its backslash, before which `bytes` begin.
fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(1..5)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Bytes of the number or word at the beginning.
fn scalar(bytes: &[u8]) -> Option<usize> {
    if let Some(word) = ["true", "false", "null"].into_iter().find(|word| bytes.starts_with(word.as_bytes()))
    {
        return Some(word.len());
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match digits(at) {
        0 => return None,
        _ if bytes[at] == b'0' => 1,
        n => n,
    };
    if bytes.get(at) == Some(&b'.') {
        at += 1 + Some(digits(at + 1)).filter(|n| *n > 0)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at += Some(digits(at)).filter(|n| *n > 0)?;
    }
    Some(at)
}
