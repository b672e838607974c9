//! Files, their versions and their bytes.

use serde_json::json;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;

use super::operation::{Answer, Operation};
use super::parameter::{Shared, header, path, query};
use super::schemas::Schemas;
use crate::files::{FileChange, FileList, Rebuilding, Restore, VersionList, VersionView};
use crate::packs::Plan;
use crate::problem::Code;

pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        list(schemas),
        get(schemas),
        change(schemas),
        delete(schemas),
        versions(schemas),
        restore(schemas),
        content("GET", "getContent", schemas),
        content("HEAD", "headContent", schemas),
        plan(schemas),
    ]
}

fn list(schemas: &mut Schemas) -> Operation {
    Operation::new("GET", "/files", "listFiles")
        .description(
            "By `prefix` and `delimiter`, by `path`, by `sha256` or by `sha1`: one of the four ways a call.",
        )
        .parameter(query("prefix", &json!({"type": "string"}), "What the paths begin with."))
        .parameter(query(
            "delimiter",
            &json!({"type": "string", "minLength": 1, "examples": ["/"]}),
            "Paths that hold it after the prefix are gathered into `common_prefixes`.",
        ))
        .parameter(query("path", &schemas.request::<FilePath>(), "The file at this path, if there is one."))
        .parameter(query(
            "sha256",
            &schemas.request::<Sha256>(),
            "Files whose current version has this SHA-256.",
        ))
        .parameter(query("sha1", &schemas.request::<Sha1>(), "Files whose current version has this SHA-1."))
        .shared(&[Shared::Limit, Shared::Cursor])
        .answer(200, Answer::new("One page.").body(&schemas.answer::<FileList>()))
}

fn get(schemas: &mut Schemas) -> Operation {
    Operation::new("GET", "/files/{file_id}", "getFile")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .answer(200, version("The current version.", schemas))
}

fn change(schemas: &mut Schemas) -> Operation {
    Operation::new("PATCH", "/files/{file_id}", "changeFile")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .shared(&[Shared::IfMatch])
        .request(schemas.request::<FileChange>())
        .answer(200, version("The current version, after the change.", schemas))
        .problems(&[Code::PathInUse])
}

fn delete(schemas: &mut Schemas) -> Operation {
    Operation::new("DELETE", "/files/{file_id}", "deleteFile")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .shared(&[Shared::IfMatch])
        .answer(200, version("The tombstone.", schemas))
}

fn versions(schemas: &mut Schemas) -> Operation {
    Operation::new("GET", "/files/{file_id}/versions", "listVersions")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .shared(&[Shared::Limit, Shared::Cursor])
        .answer(200, Answer::new("One page, the latest first.").body(&schemas.answer::<VersionList>()))
}

fn restore(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/files/{file_id}/restore", "restoreVersion")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .shared(&[Shared::IfMatch, Shared::IdempotencyKey])
        .request(schemas.request::<Restore>())
        .answer(201, version("The new version, which has the earlier one's content.", schemas))
        .problems(&[Code::PathInUse, Code::VersionNotAvailable])
}

fn content(method: &'static str, id: &'static str, schemas: &mut Schemas) -> Operation {
    let rebuilding = json!({"type": "integer", "enum": [202, 503], "default": 202});
    let disposition = json!({"type": "string", "enum": ["attachment", "inline"], "default": "attachment"});
    Operation::new(method, "/files/{file_id}/content", id)
        .description("Do not send the session's token to the redirect's target: the URL is its own proof.")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .parameter(query(
            "version",
            &schemas.request::<VersionId>(),
            "This version in place of the current one.",
        ))
        .parameter(query("disposition", &disposition, "Whether a browser saves the file or shows it."))
        .parameter(query(
            "rebuilding",
            &rebuilding,
            "The status of the answer while the bytes are being rebuilt: 503 for clients that repeat only on errors.",
        ))
        .parameter(header(
            "Prefer",
            &json!({"type": "string", "examples": ["wait=0"]}),
            "`wait=` seconds, at most and by default 20: how long the call may wait for bytes that are being rebuilt.",
        ))
        .answer(302, redirect())
        .answer(
            202,
            Answer::new("The bytes are being rebuilt: ask again.")
                .body(&schemas.answer::<Rebuilding>())
                .header("Retry-After", "Seconds to wait."),
        )
        .problems(&[Code::VersionNotAvailable, Code::ContentMaterializing])
}

fn plan(schemas: &mut Schemas) -> Operation {
    let bytes = json!({"type": "integer", "minimum": 0});
    let detail = json!({"type": "string", "enum": ["chunks", "terms"], "default": "chunks"});
    Operation::new("GET", "/files/{file_id}/plan", "getPlan")
        .description("What a client needs to put the bytes together itself and check every chunk.")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .parameter(query(
            "version",
            &schemas.request::<VersionId>(),
            "This version in place of the current one.",
        ))
        .parameter(query("from", &bytes, "Leave out what lies wholly before this byte of the content."))
        .parameter(query("to", &bytes, "Leave out what begins at or after this byte of the content."))
        .parameter(query("detail", &detail, "With `terms`, neither URLs nor chunks: where the runs lie."))
        .shared(&[Shared::Cursor])
        .answer(200, Answer::new("One page.").body(&schemas.answer::<Plan>()))
        .problems(&[Code::VersionNotAvailable])
}

fn version(description: &str, schemas: &mut Schemas) -> Answer {
    let body = schemas.answer::<VersionView>();
    Answer::new(description).body(&body).header("ETag", "The version id, quoted.")
}

fn redirect() -> Answer {
    Answer::new("The bytes are at `Location`, which takes Range requests.")
        .header("Location", "A presigned URL: a capability, short-lived, not to be logged or kept.")
        .header("ETag", "The version id, quoted. The bucket's own ETag is another.")
        .header("Repr-Digest", "The content's SHA-256, as RFC 9530 writes it: `sha-256=:base64:`.")
        .header("Cache-Control", "How long the redirect may be kept, always less than the URL's life.")
}
