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

impl Version {
    /// The version of the first MESH media type in Accept; version 1 when there is none.
    ///
    /// # Errors
    /// 400 when a MESH media type is malformed or names a version that does not exist.
    pub fn of(request: &Request) -> Result<Version, Refused> {
        let accept = request.header("accept").unwrap_or("");
        for range in accept.split([',', ';']).map(str::trim) {
            match range.strip_prefix("application/vnd.mesh.") {
                Some("v1+json") => return Ok(Version::V1),
                Some("v2+json") => return Ok(Version::V2),
                Some(_) => return Err(Fault::plain(400, "Accept header api format incorrect")),
                None if range.contains("vnd.mesh") => {
                    return Err(Fault::plain(400, "Accept header api format incorrect"));
                }
                None => {}
            }
        }
        Ok(Version::V1)
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
