//! Describes the calls that stores make.

use serde_json::json;

use super::operation::{Answer, Operation};
use crate::problem::Code;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/webhooks/store-events", "takeBucketNotification")
            .description(
                "Requires the webhook's secret instead of a session: in `Authorization: Bearer`, or as \
                 `token` in the query. A deployment without a secret answers `not_found`. Notifications of \
                 anything else than a new object of an upload are answered with 204 and dropped. Repeated \
                 notifications are harmless.",
            )
            .parameter(json!({
                "name": "token",
                "in": "query",
                "description": "The webhook's secret, for stores that cannot send `Authorization`.",
                "schema": {"type": "string"},
            }))
            .optional_request(json!({
                "type": "object",
                "description": "A notification of at most 200 KiB, as in events/schemas/object-created.json. \
                 An empty body is a probe.",
                "properties": {"Records": {"type": "array", "items": {"type": "object"}}},
            }))
            .answer(204, Answer::new("The notification is enqueued, or was dropped."))
            .problems(&[Code::Unauthenticated, Code::NotFound, Code::BodyTooLarge]),
    ]
}
