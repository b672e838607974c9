//! Describes one call of the API, with its answers and problems.

use serde_json::{Map, Value, json};

use super::parameter::Shared;
use super::problems;
use crate::problem::Code;
use crate::route::Route;

/// The parts of a call's description that the route table does not have.
pub(super) struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    description: Option<&'static str>,
    shared: Vec<Shared>,
    parameters: Vec<Value>,
    request: Option<Request>,
    answers: Map<String, Value>,
    problems: Vec<Code>,
}

impl Operation {
    pub(super) fn new(method: &'static str, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            description: None,
            shared: Vec::new(),
            parameters: Vec::new(),
            request: None,
            answers: Map::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn description(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }

    pub(super) fn shared(self, shared: &[Shared]) -> Self {
        Self { shared: shared.to_vec(), ..self }
    }

    pub(super) fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub(super) fn request(self, schema: Value) -> Self {
        Self { request: Some(Request { schema, is_required: true }), ..self }
    }

    /// A body that may be absent, and that the call itself parses.
    pub(super) fn optional_request(self, schema: Value) -> Self {
        Self { request: Some(Request { schema, is_required: false }), ..self }
    }

    pub(super) fn answer(mut self, status: u16, answer: Answer) -> Self {
        self.answers.insert(status.to_string(), answer.0);
        self
    }

    /// The codes of this call, without those that follow from its shape.
    pub(super) fn problems(self, codes: &[Code]) -> Self {
        Self { problems: codes.to_vec(), ..self }
    }

    #[cfg(test)]
    pub(super) fn id(&self) -> &'static str {
        self.id
    }

    pub(super) fn answers_to(&self, route: &Route) -> bool {
        (self.method, self.path) == (route.method, route.path)
    }

    /// The Operation Object (<https://spec.openapis.org/oas/v3.1.0#operation-object>).
    pub(super) fn describe(&self, route: &Route) -> Value {
        let mut parameters = self.parameters.clone();
        parameters.extend(self.shared.iter().map(|shared| shared.reference()));
        let mut responses = self.answers.clone();
        responses.extend(problems::responses(&self.codes(route), self.method == "HEAD"));
        let mut operation = json!({
            "operationId": self.id,
            "tags": [route.path.split('/').nth(1)],
            "summary": route.summary,
            "responses": responses,
        });
        if let Some(description) = self.description {
            operation["description"] = json!(description);
        }
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        if let Some(Request { schema, is_required }) = &self.request {
            operation["requestBody"] =
                json!({"required": is_required, "content": {"application/json": {"schema": schema}}});
        }
        if !route.authenticated {
            operation["security"] = json!([]);
        }
        operation
    }

    fn codes(&self, route: &Route) -> Vec<Code> {
        let has_json = self.request.as_ref().is_some_and(|request| request.is_required);
        let implied = [
            (has_json, Code::MalformedJson),
            (has_json, Code::BodyTooLarge),
            // Every call refuses parameters that it does not know.
            (true, Code::InvalidRequest),
            (route.authenticated, Code::Unauthenticated),
            (route.path.contains('{'), Code::NotFound),
            (self.shared.contains(&Shared::IfMatch), Code::PreconditionFailed),
            (self.shared.contains(&Shared::IfMatch), Code::Conflict),
            (self.shared.contains(&Shared::IdempotencyKey), Code::IdempotencyKeyReused),
            (true, Code::TooManyRequests),
            (true, Code::Internal),
            (true, Code::Unavailable),
        ];
        let implied = implied.into_iter().filter_map(|(applies, code)| applies.then_some(code));
        self.problems.iter().copied().chain(implied).collect()
    }
}

struct Request {
    schema: Value,
    is_required: bool,
}

pub(super) struct Answer(Value);

impl Answer {
    pub(super) fn new(description: &str) -> Self {
        Self(json!({"description": description}))
    }

    pub(super) fn body(mut self, schema: &Value) -> Self {
        self.0["content"] = json!({"application/json": {"schema": schema}});
        self
    }

    pub(super) fn header(mut self, name: &str, description: &str) -> Self {
        self.0["headers"][name] = json!({"schema": {"type": "string"}, "description": description});
        self
    }
}
