//! Describes the calls under `/files`.

use serde_json::json;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::{FilePath, PATH_MAX_BYTES};

use super::limits::NO_CONTROL_PATTERN;
use super::operation::{Answer, Operation};
use super::parameter::{Shared, cursor, header, path, query};
use super::schemas::Schemas;
use crate::files::{FileChange, FileList, Materializing, Restore, VersionList, VersionView};
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
    let part_of_a_path =
        json!({"type": "string", "maxLength": PATH_MAX_BYTES, "pattern": NO_CONTROL_PATTERN});
    let mut delimiter = part_of_a_path.clone();
    delimiter["examples"] = json!(["/"]);
    Operation::new("GET", "/files", "listFiles")
        .description(
            "Lists by `prefix` and `delimiter`, or finds by `path`, by `sha256` or by `sha1`: one of the \
             four. `path` takes no `limit` and no `cursor`.",
        )
        .parameter(query("prefix", &part_of_a_path, "The beginning of the paths."))
        .parameter(query(
            "delimiter",
            &delimiter,
            "Paths that contain it after the prefix are grouped in `common_prefixes`. Empty is the same as \
             absent.",
        ))
        .parameter(query("path", &schemas.request::<FilePath>(), "The file with this path, if there is one."))
        .parameter(query(
            "sha256",
            &schemas.request::<Sha256>(),
            "Files with a current version of this SHA-256.",
        ))
        .parameter(query("sha1", &schemas.request::<Sha1>(), "Files with a current version of this SHA-1."))
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
        .problems(&[Code::PathInUse, Code::VersionNotAvailable])
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
        .shared(&[Shared::Limit, Shared::IdCursor])
        .answer(200, Answer::new("One page, the latest first.").body(&schemas.answer::<VersionList>()))
}

fn restore(schemas: &mut Schemas) -> Operation {
    Operation::new("POST", "/files/{file_id}/restore", "restoreVersion")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .shared(&[Shared::IfMatch])
        .request(schemas.request::<Restore>())
        .answer(201, version("The new version, with the bytes of the earlier one.", schemas))
        .problems(&[Code::PathInUse, Code::VersionNotAvailable])
}

fn content(method: &'static str, id: &'static str, schemas: &mut Schemas) -> Operation {
    let status = json!({"type": "integer", "enum": [202, 503], "default": 202});
    let body = schemas.answer::<Materializing>();
    let materializing = Answer::new("The blob is being materialized: ask again later.")
        .header("Retry-After", "Seconds to wait.");
    let disposition = json!({"type": "string", "enum": ["attachment", "inline"], "default": "attachment"});
    Operation::new(method, "/files/{file_id}/content", id)
        .description(
            "Do not send the session's token to the redirect's target: the URL itself grants access.",
        )
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .parameter(query(
            "version",
            &schemas.request::<VersionId>(),
            "Reads this version instead of the current one.",
        ))
        .parameter(query("disposition", &disposition, "Whether a browser saves the file or shows it."))
        .parameter(query(
            "materializing",
            &status,
            "The status of the answer while the blob is being materialized: 503 for clients that retry only \
             on errors.",
        ))
        .parameter(header(
            "Prefer",
            &json!({"type": "string", "examples": ["wait=0"]}),
            "`wait=` and the number of seconds that the call may wait while the blob is being materialized: \
             at most, and by default, 20.",
        ))
        .answer(302, redirect())
        .answer(202, if method == "HEAD" { materializing } else { materializing.body(&body) })
        .problems(&[Code::VersionNotAvailable, Code::ContentMaterializing])
}

fn plan(schemas: &mut Schemas) -> Operation {
    let bytes = json!({"type": "integer", "format": "uint64", "minimum": 0});
    let detail = json!({"type": "string", "enum": ["chunks", "terms"], "default": "chunks"});
    Operation::new("GET", "/files/{file_id}/plan", "getPlan")
        .description("What a client needs to assemble the bytes itself and verify every chunk.")
        .parameter(path("file_id", &schemas.request::<FileId>()))
        .parameter(query(
            "version",
            &schemas.request::<VersionId>(),
            "Reads this version instead of the current one.",
        ))
        .parameter(query(
            "from",
            &bytes,
            "Leaves out chunks that end at or before this offset in the file. At most the file's size and \
             `to`.",
        ))
        .parameter(query(
            "to",
            &bytes,
            "Leaves out chunks that begin at or after this offset in the file. The default is the file's \
             size.",
        ))
        .parameter(query(
            "detail",
            &detail,
            "With `terms`, the answer has only the runs, without URLs and chunks.",
        ))
        .parameter(query(
            "former",
            &json!({"type": "boolean", "default": false}),
            "Reads packs where they were before their last move, as long as they can be read there.",
        ))
        .parameter(cursor("^[0-9a-f]{32}-[0-9]{1,19}$", 52))
        .answer(200, Answer::new("One page.").body(&schemas.answer::<Plan>()))
        .problems(&[Code::VersionNotAvailable])
}

fn version(description: &str, schemas: &mut Schemas) -> Answer {
    let body = schemas.answer::<VersionView>();
    Answer::new(description).body(&body).header("ETag", "The version id, quoted.")
}

fn redirect() -> Answer {
    Answer::new("The bytes are at `Location`, which supports range requests.")
        .header("Location", "A presigned URL. It grants access for a short time: do not log or store it.")
        .header("ETag", "The version id, quoted. The bucket's ETag is different.")
        .header("Repr-Digest", "SHA-256 of the bytes as in RFC 9530: `sha-256=:base64:`.")
        .header("Cache-Control", "`no-store`: the URL expires.")
}
