//! The API's answer to a request, parsed strictly.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_contracts::files::VersionView;
use sluice_contracts::problem::{Code, PROBLEM_JSON, Problem};
use sluice_contracts::uploads::{UploadAnswer, UploadPlan, UploadView};
use sluice_domain::upload::UploadState;

/// The API's answer to a request.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// The JSON body; null if there is none, a string if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// Reads an answer to its end.
    pub async fn read(answer: reqwest::Response) -> Self {
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await.unwrap_or_default();
        let body = serde_json::from_str(&text)
            .unwrap_or_else(|_| if text.is_empty() { Value::Null } else { json!(text) });
        Self { status, headers, body }
    }

    /// Checks the status and returns the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks the status and parses the body.
    #[track_caller]
    pub fn parse<T: DeserializeOwned + Serialize>(self, status: u16) -> T {
        parse(&self.expect(status))
    }

    /// Checks that the answer is a problem with this status and code, and returns it.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: Code) -> Problem {
        assert_eq!(self.headers["content-type"], PROBLEM_JSON, "{}", self.body);
        let problem: Problem = self.parse(status);
        assert_eq!((problem.status, problem.code), (status, code), "{problem:?}");
        assert!(!problem.detail.is_empty(), "{problem:?}");
        assert!(!problem.request_id.is_empty(), "{problem:?}");
        problem
    }

    /// Returns how to send the bytes of an upload that was begun.
    #[track_caller]
    pub fn plan(self) -> UploadPlan {
        match self.parse(201) {
            UploadAnswer::Upload(plan) => plan,
            UploadAnswer::Instant { version } => panic!("an instant upload with the status 201: {version:?}"),
        }
    }

    /// Returns the version that was made without sending a byte, by an upload or a lookup.
    #[track_caller]
    pub fn instant(self) -> VersionView {
        match self.parse(200) {
            UploadAnswer::Instant { version } => version,
            UploadAnswer::Upload(plan) => panic!("a plan with the status 200: {plan:?}"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Parses an answer, and checks that it has every field of its type and no other. Clients skip unknown
/// fields, so that they understand newer servers; here, a field that the contract lacks is a mistake.
#[track_caller]
pub fn parse<T: DeserializeOwned + Serialize>(body: &Value) -> T {
    let answer = T::deserialize(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let contract = serde_json::to_value(&answer).expect("serializable");
    assert_eq!(contract, *body, "the answer (right) has other fields than the contract (left)");
    answer
}

/// Checks that an upload is available, and returns its version.
#[track_caller]
pub fn available(upload: UploadView) -> VersionView {
    assert_eq!(upload.state, UploadState::Available, "{upload:?}");
    upload.version.expect("an available upload has a version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_contracts::files::Materializing;

    #[test]
    #[should_panic(expected = "other fields than the contract")]
    fn an_answer_with_an_unknown_field_is_refused() {
        parse::<Materializing>(&json!({ "retry_after_seconds": 1, "retry_after": 1 }));
    }

    #[test]
    #[should_panic(expected = "missing field `retry_after_seconds`")]
    fn an_answer_without_a_field_is_refused() {
        parse::<Materializing>(&json!({}));
    }
}
