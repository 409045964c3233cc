//! Which version of the MESH API a request asks for, by its Accept header, and how answers of each look.
//!
//! Called by `mesh::decide` and by the files that build answers.

use super::fault::{Fault, Refused};
use crate::message::{Answer, Request};
use serde_json::Value;

/// A live version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `application/json` or `application/vnd.mesh.v1+json`: the default.
    V1,
    /// `application/vnd.mesh.v2+json`.
    V2,
}

/// What an Accept header asks for.
enum Asked {
    Version(Version),
    /// A MESH media type that is malformed or names no live version.
    Malformed,
    /// Nothing that a JSON answer could be.
    NoJson,
}

fn asked(request: &Request) -> Asked {
    let accept = request.header("accept").unwrap_or("").to_ascii_lowercase();
    // Weights follow their range after a semicolon; some clients divide ranges by semicolons too.
    let mut ranges: Vec<(&str, bool)> = Vec::new();
    for part in accept.split([',', ';']).map(str::trim).filter(|p| !p.is_empty()) {
        match (part.strip_prefix("q="), ranges.last_mut()) {
            (Some(weight), Some((_, wanted))) => *wanted = weight.parse::<f32>().ok() != Some(0.0),
            (None, _) if part.contains('/') || part.contains("vnd.mesh") => ranges.push((part, true)),
            _ => {}
        }
    }
    let mut wanted = ranges.iter().filter(|(_, wanted)| *wanted).map(|(range, _)| *range);
    if let Some(mesh) = wanted.clone().find(|range| range.contains("vnd.mesh")) {
        return match mesh {
            "application/vnd.mesh.v1+json" => Asked::Version(Version::V1),
            "application/vnd.mesh.v2+json" => Asked::Version(Version::V2),
            _ => Asked::Malformed,
        };
    }
    if ranges.is_empty() || wanted.any(|r| matches!(r, "application/json" | "application/*" | "*/*")) {
        return Asked::Version(Version::V1);
    }
    Asked::NoJson
}

impl Version {
    /// The version of the first MESH media type in Accept; version 1 for other JSON, for anything, and for no Accept.
    ///
    /// # Errors
    /// 400 when a MESH media type is malformed or names a version that does not exist; 406 when JSON is not accepted.
    pub fn of(request: &Request) -> Result<Version, Refused> {
        match asked(request) {
            Asked::Version(version) => Ok(version),
            Asked::Malformed => Err(Fault::plain(400, "Accept header api format incorrect")),
            Asked::NoJson => Err(Fault::plain(
                406,
                "Not Acceptable, allowed: application/json, application/vnd.mesh.v2+json",
            )),
        }
    }

    /// As [`Version::of`] for operations that answer with content: it has whatever type its sender gave it, so that
    /// no other Accept is refused.
    ///
    /// # Errors
    /// 400 when a MESH media type is malformed or names a version that does not exist.
    pub fn of_content(request: &Request) -> Result<Version, Refused> {
        match asked(request) {
            Asked::NoJson => Ok(Version::V1),
            _ => Version::of(request),
        }
    }

    /// The version in which a refusal is told: the one asked for, else the first.
    pub fn of_refusal(request: &Request) -> Version {
        match asked(request) {
            Asked::Version(version) => version,
            Asked::Malformed | Asked::NoJson => Version::V1,
        }
    }

    /// Content type of this version's JSON answers.
    pub fn media_type(self) -> &'static str {
        match self {
            Version::V1 => "application/json",
            Version::V2 => "application/vnd.mesh.v2+json",
        }
    }

    /// A JSON answer of this version.
    pub fn json(self, status: u16, body: &Value) -> Answer {
        Answer::new(status, self.media_type(), body.to_string())
    }
}
