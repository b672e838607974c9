//! One call, described.

use serde_json::{Map, Value, json};

use super::parameter::Shared;
use super::problems;
use crate::problem::Code;
use crate::route::Route;

/// What the route table does not say about a call.
pub(super) struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    description: Option<&'static str>,
    shared: Vec<Shared>,
    parameters: Vec<Value>,
    request: Option<Value>,
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
        Self { request: Some(schema), ..self }
    }

    pub(super) fn answer(mut self, status: u16, answer: Answer) -> Self {
        self.answers.insert(status.to_string(), answer.0);
        self
    }

    /// The codes that belong to this call; those that follow from its shape are added.
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
        if let Some(schema) = &self.request {
            operation["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        if !route.authenticated {
            operation["security"] = json!([]);
        }
        operation
    }

    fn codes(&self, route: &Route) -> Vec<Code> {
        let has_parameters = !self.parameters.is_empty() || !self.shared.is_empty();
        let implied = [
            (self.request.is_some(), Code::MalformedJson),
            (self.request.is_some(), Code::BodyTooLarge),
            (self.request.is_some() || has_parameters, Code::InvalidRequest),
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

/// A success.
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
