//! Describes what one call takes and answers.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use sluice_domain::id::{FileId, SessionId, UploadId};

use super::problems::{self, Body};
use super::schemas::Schemas;
use crate::problem::Code;
use crate::route::argument::Query;

/// What one call takes and answers, with the problem codes that follow from it.
pub(crate) struct Operation<'a> {
    schemas: &'a mut Schemas,
    parameters: Vec<Value>,
    request: Option<Value>,
    answers: Vec<(u16, Value)>,
    codes: Vec<Code>,
}

impl<'a> Operation<'a> {
    pub(super) fn new(schemas: &'a mut Schemas) -> Self {
        // Every call refuses parameters that it does not know, and may be closed to direct callers.
        let mut codes = vec![Code::InvalidRequest, Code::WrongEntrance];
        codes.extend([Code::TooManyRequests, Code::Internal, Code::Unavailable]);
        Self { schemas, parameters: Vec::new(), request: None, answers: Vec::new(), codes }
    }

    pub(crate) fn argument<T: Described>(self) -> Self {
        T::describe(self)
    }

    /// An id in the path.
    fn id<T: JsonSchema>(mut self, name: &str) -> Self {
        let schema = self.schemas.request::<T>();
        self.parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        self.problems(&[Code::NotFound])
    }

    /// A parameter in the query.
    pub(crate) fn parameter<T: JsonSchema>(mut self, name: &str, comment: &str) -> Self {
        let schema = self.schemas.request::<T>();
        let is_list = schema["type"] == "array";
        let mut parameter =
            json!({"name": name, "in": "query", "description": one_line(comment), "schema": schema});
        if is_list {
            // `ids=a,b`, not `ids=a&ids=b`.
            parameter["style"] = json!("form");
            parameter["explode"] = json!(false);
        }
        self.parameters.push(parameter);
        self
    }

    pub(crate) fn if_match(self) -> Self {
        self.request_header(
            "If-Match",
            &json!({"type": "string", "pattern": "^\"[0-9a-f]{32}\"$"}),
            "The ETag (a quoted version id) of the file's current version. If it is not current, the call \
             changes nothing and answers 412.",
        )
        .problems(&[Code::PreconditionFailed, Code::Conflict])
    }

    pub(crate) fn idempotency_key(self) -> Self {
        self.request_header(
            "Idempotency-Key",
            &json!({"type": "string", "minLength": 1, "maxLength": 255}),
            "A value that is new for every request, and the same when the request is retried. A retry has \
             the answer of the first try.",
        )
        .problems(&[Code::IdempotencyKeyReused])
    }

    fn request_header(mut self, name: &str, schema: &Value, description: &str) -> Self {
        self.parameters
            .push(json!({"name": name, "in": "header", "schema": schema, "description": description}));
        self
    }

    /// The call takes a JSON body of this type.
    pub(crate) fn request<T: JsonSchema>(mut self) -> Self {
        let schema = self.schemas.request::<T>();
        self.request = Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}));
        self.problems(&[Code::MalformedJson, Code::BodyTooLarge])
    }

    /// The body that stores send to the webhook. The call itself parses it.
    pub(crate) fn bucket_notification(mut self) -> Self {
        let schema = json!({
            "type": "object",
            "description": "A notification of at most 200 KiB, as in events/schemas/object-created.json. An \
             empty body is a probe.",
            "properties": {"Records": {"type": "array", "items": {"type": "object"}}},
        });
        // Stores call the API itself.
        self.codes.retain(|code| *code != Code::WrongEntrance);
        self.request = Some(json!({"required": false, "content": {"application/json": {"schema": schema}}}));
        self.problems(&[Code::BodyTooLarge])
    }

    /// An answer with a JSON body.
    pub(crate) fn answer<T: JsonSchema>(self, status: u16, description: &str) -> Self {
        let schema = self.schemas.answer::<T>();
        self.answer_with(&schema, status, description)
    }

    /// An answer with a JSON body that is always the same outcome of `T`.
    pub(crate) fn outcome<T: JsonSchema>(self, outcome: &str, status: u16, description: &str) -> Self {
        let schema = self.schemas.outcome::<T>(outcome);
        self.answer_with(&schema, status, description)
    }

    fn answer_with(mut self, schema: &Value, status: u16, description: &str) -> Self {
        let content = json!({"application/json": {"schema": schema}});
        self.answers.push((status, json!({"description": description, "content": content})));
        self
    }

    pub(crate) fn empty_answer(mut self, status: u16, description: &str) -> Self {
        self.answers.push((status, json!({"description": description})));
        self
    }

    /// A redirect to an object with the bytes of a version, and what GET and HEAD take for it.
    pub(crate) fn redirect_to_bytes(self) -> Self {
        self.request_header(
            "Prefer",
            &json!({"type": "string", "examples": ["wait=0"]}),
            "`wait=` and the number of seconds that the call may wait while the blob is being materialized: \
             at most, and by default, 20.",
        )
        .problems(&[Code::VersionNotAvailable, Code::ContentMaterializing])
        .empty_answer(302, "The bytes are at `Location`, which supports range requests.")
        .header("Location", "A presigned URL. It grants access for a short time: do not log or store it.")
        .header("ETag", "The version id, quoted. The bucket's ETag is different.")
        .header("Repr-Digest", "SHA-256 of the bytes as in RFC 9530: `sha-256=:base64:`.")
        .header("Cache-Control", "`no-store`: the URL expires.")
    }

    /// A header of the last answer.
    pub(crate) fn header(mut self, name: &str, description: &str) -> Self {
        if let Some((_, answer)) = self.answers.last_mut() {
            answer["headers"][name] = json!({"schema": {"type": "string"}, "description": description});
        }
        self
    }

    /// Codes of this call beyond those that follow from what it takes.
    pub(crate) fn problems(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// The parts of the Operation Object that follow from what the call takes and answers.
    pub(super) fn into_object(self, method: &str, authenticated: bool) -> Value {
        let operation = if authenticated { self.problems(&[Code::Unauthenticated]) } else { self };
        let Self { parameters, request, answers, codes, .. } = operation;
        let answers = answers.into_iter().map(|(status, answer)| (status.to_string(), answer));
        let mut responses: Map<String, Value> = answers.collect();
        let body = if method == "HEAD" { Body::Empty } else { Body::Problem };
        responses.extend(problems::responses(&codes, body));
        let mut object = json!({"responses": responses});
        if !parameters.is_empty() {
            object["parameters"] = json!(parameters);
        }
        if let Some(request) = request {
            object["requestBody"] = request;
        }
        if !authenticated {
            object["security"] = json!([]);
        }
        object
    }
}

/// What a call takes from path or query, as the document describes it.
pub(crate) trait Described {
    fn describe(operation: Operation<'_>) -> Operation<'_>;
}

impl Described for FileId {
    fn describe(operation: Operation<'_>) -> Operation<'_> {
        operation.id::<Self>("file_id")
    }
}

impl Described for SessionId {
    fn describe(operation: Operation<'_>) -> Operation<'_> {
        operation.id::<Self>("session_id")
    }
}

impl Described for UploadId {
    fn describe(operation: Operation<'_>) -> Operation<'_> {
        operation.id::<Self>("upload_id")
    }
}

impl<T: Described> Described for Query<T> {
    fn describe(operation: Operation<'_>) -> Operation<'_> {
        T::describe(operation)
    }
}

/// The text of a documentation comment without its line breaks.
pub(super) fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
