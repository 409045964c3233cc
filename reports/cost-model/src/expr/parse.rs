//! Text to tree: `sites*(ceil(peak_tps*headroom/node_tps)+spare)`. Precedence as in arithmetic; `^` binds tightest and to
//! the right, a leading minus binds weaker than `^` (so `-2^2` is -4 here and in every emitter).

use super::{Compare, Expr, How, Op};
use crate::Unit;

/// Longest formula, bytes: the shipped ones stay under 200, and a mistaken file must not exhaust the stack or the memory.
const FORMULA_BYTES_MAX: usize = 2_000;
/// Deepest nesting of parentheses and functions; each level costs a few stack frames.
const DEPTH_MAX: usize = 40;

const FUNCTIONS: &str = "min, max, ceil, if, sum, running, product";

/// Reads a formula over names; the error says at which column, what is wrong and what is allowed.
pub fn parse(text: &str) -> Result<Expr<String>, String> {
    if text.len() > FORMULA_BYTES_MAX {
        return Err(format!("a formula of {} bytes, allowed up to {FORMULA_BYTES_MAX}", text.len()));
    }
    let mut parser = Parser { text, at: 0, depth: 0 };
    let tree = parser.sum()?;
    match parser.peek() {
        None => Ok(tree),
        Some(got) => Err(parser.wrong(&format!("got {got:?} after the end of the formula"))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Parsed = Result<Expr<String>, String>;

impl Parser<'_> {
    fn wrong(&self, what: &str) -> String {
        let column = self.text[..self.at].chars().count() + 1;
        format!("column {column} of {:?}: {what}", self.text)
    }

    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: &str) -> bool {
        self.peek();
        let there = self.text[self.at..].starts_with(wanted);
        self.at += if there { wanted.len() } else { 0 };
        there
    }

    fn must(&mut self, wanted: &str) -> Result<(), String> {
        match self.eat(wanted) {
            true => Ok(()),
            false => {
                let got = self.peek().map_or("the end".to_owned(), |c| format!("{c:?}"));
                Err(self.wrong(&format!("got {got}, allowed: {wanted:?}")))
            }
        }
    }

    fn sum(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong(&format!("nested deeper than {DEPTH_MAX}")));
        }
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Some('+') => Op::Add,
                Some('-') => Op::Sub,
                _ => break,
            };
            self.at += 1;
            left = Expr::binary(op, left, self.product()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        loop {
            let op = match self.peek() {
                Some('*' | '×') => Op::Mul,
                Some('/' | '÷') => Op::Div,
                _ => return Ok(left),
            };
            self.at += self.peek().map_or(0, char::len_utf8);
            left = Expr::binary(op, left, self.signed()?);
        }
    }

    fn signed(&mut self) -> Parsed {
        let mut negative = false;
        while let Some(sign @ ('-' | '+')) = self.peek() {
            negative ^= sign == '-';
            self.at += 1;
        }
        let power = self.power()?;
        Ok(if negative { Expr::Neg(Box::new(power)) } else { power })
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if !self.eat("^") {
            return Ok(base);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong(&format!("nested deeper than {DEPTH_MAX}")));
        }
        let power = self.signed()?;
        self.depth -= 1;
        Ok(Expr::binary(Op::Pow, base, power))
    }

    fn atom(&mut self) -> Parsed {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                self.must(")")?;
                Ok(inner)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.literal(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.named(),
            got => {
                let got = got.map_or("the end".to_owned(), |c| format!("{c:?}"));
                Err(self.wrong(&format!("got {got}, allowed: a number, a name, a function or \"(\"")))
            }
        }
    }

    fn literal(&mut self) -> Parsed {
        let rest = &self.text[self.at..];
        let mut end = 0;
        let mut before = ' ';
        for c in rest.chars() {
            let exponent_sign = (c == '-' || c == '+') && matches!(before, 'e' | 'E');
            if !(c.is_ascii_digit() || matches!(c, '.' | '_' | 'e' | 'E') || exponent_sign) {
                break;
            }
            before = c;
            end += c.len_utf8();
        }
        let word = &rest[..end];
        let value = match word.replace('_', "").parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            _ => return Err(self.wrong(&format!("got {word:?}, allowed: a finite number"))),
        };
        self.at += end;
        if !self.eat("[") {
            return Ok(Expr::number(value));
        }
        let Some(length) = self.text[self.at..].find(']') else {
            return Err(self.wrong("a unit without its \"]\""));
        };
        let unit = Unit::parse(&self.text[self.at..self.at + length]).map_err(|e| self.wrong(&e))?;
        self.at += length + 1;
        Ok(Expr::Number(value, unit))
    }

    fn word(&mut self) -> String {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    fn named(&mut self) -> Parsed {
        let name = self.word();
        if self.peek() != Some('(') {
            return Ok(if name == "year" { Expr::Year } else { Expr::Ref(name) });
        }
        self.at += 1;
        let parsed = match name.as_str() {
            "min" => Expr::Min(self.list()?),
            "max" => Expr::Max(self.list()?),
            "ceil" => Expr::Ceil(Box::new(self.sum()?)),
            "sum" => Expr::Sum(self.figure(&name)?),
            "running" => Expr::Running(self.figure(&name)?),
            "product" => Expr::Product(self.figure(&name)?),
            "if" => {
                let left = self.sum()?;
                let how = self.comparison()?;
                let compare = Compare { how, left, right: self.sum()? };
                self.must(",")?;
                let yes = self.sum()?;
                self.must(",")?;
                Expr::If(Box::new(compare), Box::new(yes), Box::new(self.sum()?))
            }
            _ => return Err(self.wrong(&format!("unknown function {name:?}, allowed: {FUNCTIONS}"))),
        };
        self.must(")")?;
        Ok(parsed)
    }

    fn list(&mut self) -> Result<Vec<Expr<String>>, String> {
        let mut all = vec![self.sum()?];
        while self.eat(",") {
            all.push(self.sum()?);
        }
        Ok(all)
    }

    fn figure(&mut self, function: &str) -> Result<String, String> {
        match self.word() {
            name if name.is_empty() || name == "year" => {
                Err(self.wrong(&format!("{function}() takes the name of one yearly figure")))
            }
            name => Ok(name),
        }
    }

    fn comparison(&mut self) -> Result<How, String> {
        let all = [
            ("<=", How::LessOrEqual),
            (">=", How::GreaterOrEqual),
            ("==", How::Equal),
            ("<", How::Less),
            (">", How::Greater),
        ];
        let found = all.into_iter().find(|(sign, _)| self.eat(sign)).map(|(_, how)| how);
        found.ok_or_else(|| self.wrong("if() without a comparison, allowed: <, <=, >, >=, =="))
    }
}
