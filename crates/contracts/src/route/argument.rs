//! Parses what the path and the query of a request say.

use sluice_domain::id::{FileId, SessionId, UploadId};
use std::str::FromStr;

use crate::query::{Parameters, unknown};

/// What decides which call a request is.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path as it was sent, not URL-decoded.
    pub path: &'a str,
    /// The parameters of the query, URL-decoded, in order.
    pub query: &'a [(String, String)],
}

/// Why a request is none of a function's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No call has this method and path.
    NoRoute,
    /// The path has a text that is no id of such a thing.
    NoSuch(&'static str),
    /// A parameter is unknown or wrong.
    Parameter(String),
}

impl<'a> Request<'a> {
    /// The request as the call with this method and path, if it is that one.
    pub(super) fn matched(self, method: &str, path: &str) -> Option<Matched<'a>> {
        let segments: Vec<&str> = self.path.trim_start_matches('/').split('/').collect();
        let declared: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if self.method != method || segments.len() != declared.len() {
            return None;
        }
        let mut ids = Vec::new();
        for (segment, declared) in segments.into_iter().zip(declared) {
            if declared.starts_with('{') {
                ids.push(segment);
            } else if segment != declared {
                return None;
            }
        }
        Some(Matched { ids: ids.into_iter(), query: self.query })
    }
}

/// What of a request its call has not taken yet.
pub(super) struct Matched<'a> {
    ids: std::vec::IntoIter<&'a str>,
    query: &'a [(String, String)],
}

impl Matched<'_> {
    pub(super) fn take<T: Argument>(&mut self) -> Result<T, Refusal> {
        T::take(self)
    }

    /// Parses the next id of the path, which names a `what`.
    fn id<T: FromStr>(&mut self, what: &'static str) -> Result<T, Refusal> {
        self.ids.next().and_then(|id| id.parse().ok()).ok_or(Refusal::NoSuch(what))
    }

    /// Refuses parameters that the call does not take.
    pub(super) fn finish<C>(&mut self, call: C) -> Result<C, Refusal> {
        match self.query {
            [] => Ok(call),
            [(name, _), ..] => Err(Refusal::Parameter(unknown(name))),
        }
    }
}

/// What a call takes from path and query.
pub(super) trait Argument: Sized {
    fn take(request: &mut Matched<'_>) -> Result<Self, Refusal>;
}

impl Argument for FileId {
    fn take(request: &mut Matched<'_>) -> Result<Self, Refusal> {
        request.id("file")
    }
}

impl Argument for SessionId {
    fn take(request: &mut Matched<'_>) -> Result<Self, Refusal> {
        request.id("session")
    }
}

impl Argument for UploadId {
    fn take(request: &mut Matched<'_>) -> Result<Self, Refusal> {
        request.id("upload")
    }
}

/// All parameters of the query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Parameters> Argument for Query<T> {
    fn take(request: &mut Matched<'_>) -> Result<Self, Refusal> {
        T::parse(std::mem::take(&mut request.query)).map(Self).map_err(Refusal::Parameter)
    }
}
