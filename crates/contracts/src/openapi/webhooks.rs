//! What stores call.

use serde_json::json;

use super::operation::{Answer, Operation};
use crate::problem::Code;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/webhooks/store-events", "takeBucketNotification")
            .description(
                "Takes no session, but the hook's secret: as `Authorization: Bearer` with it, or as `token` in the \
                 query. Without a secret in the deployment the hook is closed: `not_found`. Whatever is no creation of \
                 an upload's object is answered with 204 and dropped. A notification that comes again does no harm.",
            )
            .parameter(json!({
                "name": "token",
                "in": "query",
                "description": "The hook's secret, of a store that sends no `Authorization`.",
                "schema": {"type": "string"},
            }))
            .request(json!({
                "type": "object",
                "description": "A notification of at most 200 KiB, as events/schemas/object-created.json describes it. \
                    An empty body is a probe.",
                "properties": {"Records": {"type": "array", "items": {"type": "object"}}},
            }))
            .answer(204, Answer::new("The event is in the queue, or there was nothing to do."))
            .problems(&[Code::Unauthenticated, Code::NotFound]),
    ]
}
