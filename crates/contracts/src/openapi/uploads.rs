//! Describes the calls under `/uploads` and `/lookups`.

use serde_json::json;
use sluice_domain::id::UploadId;

use super::operation::{Answer, Operation};
use super::parameter::{Shared, path, query};
use super::schemas::Schemas;
use crate::files::{Lookup, LookupAnswer, VersionView};
use crate::packs::{HooksFound, HooksLookup};
use crate::problem::Code;
use crate::uploads::{
    Completed, Completion, PAGE_MAX, PartUrls, PartUrlsRequest, UploadList, UploadPlan, UploadRequest,
    UploadView,
};

pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        begin(schemas),
        list(schemas),
        get(schemas),
        abort(schemas),
        sign(schemas),
        complete(schemas),
        look_up(schemas),
        look_up_hooks(schemas),
    ]
}

fn begin(schemas: &mut Schemas) -> Operation {
    // Each status has one outcome, so its schema can be more precise than `UploadAnswer`.
    let version = schemas.answer::<VersionView>();
    let instant = json!({
        "type": "object",
        "required": ["outcome", "version"],
        "properties": {"outcome": {"const": "instant"}, "version": version},
    });
    let upload = json!({
        "allOf": [schemas.answer::<UploadPlan>()],
        "required": ["outcome"],
        "properties": {"outcome": {"const": "upload"}},
    });
    Operation::new("POST", "/uploads", "beginUpload")
        .description(
            "Reserves quota and fixes the version's id, and with it the order among the file's versions. \
             With If-Match, the named version must be current now, or the answer is 412. It must still be \
             current when the bytes are verified, or the new version is rejected with the reason \
             `precondition_failed`. A retry with the same idempotency key after the upload was aborted, \
             rejected or has expired answers `upload_ended`.",
        )
        .shared(&[Shared::IfMatch, Shared::IdempotencyKey])
        .request(schemas.request::<UploadRequest>())
        .answer(200, Answer::new("The account held the blob: the version is available.").body(&instant))
        .answer(201, Answer::new("Send the bytes as the plan says.").body(&upload))
        .problems(&[Code::QuotaExceeded, Code::UploadEnded, Code::NotFound])
}

fn list(schemas: &mut Schemas) -> Operation {
    let id = schemas.request::<UploadId>();
    let ids = query(
        "ids",
        &json!({"type": "array", "items": id, "minItems": 1, "maxItems": PAGE_MAX}),
        "These uploads in any state, in one page. Ids that the account does not have are left out.",
    );
    // `ids=a,b`, not `ids=a&ids=b`.
    let ids = with(ids, json!({"style": "form", "explode": false}));
    Operation::new("GET", "/uploads", "listUploads")
        .description("Lists open and pending uploads; with `ids`, the named uploads.")
        .parameter(ids)
        .shared(&[Shared::Limit, Shared::IdCursor])
        .answer(200, Answer::new("One page.").body(&schemas.answer::<UploadList>()))
}

fn with(mut parameter: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
    if let (Some(parameter), serde_json::Value::Object(more)) = (parameter.as_object_mut(), more) {
        parameter.extend(more);
    }
    parameter
}

fn get(schemas: &mut Schemas) -> Operation {
    Operation::new("GET", "/uploads/{upload_id}", "getUpload")
        .parameter(path("upload_id", &schemas.request::<UploadId>()))
        .answer(200, Answer::new("The upload.").body(&schemas.answer::<UploadView>()))
}

fn abort(schemas: &mut Schemas) -> Operation {
    Operation::new("DELETE", "/uploads/{upload_id}", "abortUpload")
        .parameter(path("upload_id", &schemas.request::<UploadId>()))
        .answer(204, Answer::new("The parts are deleted and the reservation is released."))
        .problems(&[Code::UploadEnded, Code::Conflict])
}

fn sign(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/uploads/{upload_id}/parts", "signParts")
        .parameter(path("upload_id", &schemas.request::<UploadId>()))
        .request(schemas.request::<PartUrlsRequest>())
        .answer(200, Answer::new("New URLs.").body(&schemas.answer::<PartUrls>()))
        .problems(&[Code::InvalidParts, Code::UploadEnded])
}

fn complete(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/uploads/{upload_id}/complete", "completeUpload")
        .description("May be repeated: the answer is the same except for the version's state.")
        .parameter(path("upload_id", &schemas.request::<UploadId>()))
        .request(schemas.request::<Completion>())
        .answer(202, Answer::new("All bytes have arrived.").body(&schemas.answer::<Completed>()))
        .problems(&[
            Code::InvalidParts,
            Code::InvalidManifest,
            Code::UploadEnded,
            Code::PartsMissing,
            Code::PartMismatch,
            Code::Conflict,
        ])
}

fn look_up(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/lookups", "lookUpContent")
        .description("Searches only the account's own blobs.")
        .shared(&[Shared::IfMatch])
        .request(schemas.request::<Lookup>())
        .answer(
            200,
            Answer::new("A new version, or the advice to upload.").body(&schemas.answer::<LookupAnswer>()),
        )
}

fn look_up_hooks(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/lookups/hooks", "lookUpHooks")
        .description(
            "A hook is a chunk with an id that is 0 modulo 64, or the smallest id of a run without such a \
             chunk. The packs in the answer likely contain the neighbouring chunks too. Searches only the \
             account's own packs.",
        )
        .request(schemas.request::<HooksLookup>())
        .answer(
            200,
            Answer::new("The packs, those with the most hooks first.").body(&schemas.answer::<HooksFound>()),
        )
}
