//! Gives the JSON Schemas of types with their own text form.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

use crate::hash::{ChunkId, Sha1, Sha256};
use crate::id::{AccountId, FileId, PackId, SessionId, UploadId, VersionId};
use crate::part_plan::{PART_MAX_COUNT, PartNumber};
use crate::path::{FilePath, PATH_MAX_BYTES};
use crate::time::Timestamp;

macro_rules! schema {
    ($($name:ident: $schema:tt),+ $(,)?) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

/// Segments with `/` between them. No segment is empty, `.` or `..` or contains a control character.
const PATH_PATTERN: &str = concat!(
    r"^(?!\.\.?(/|$))[^/\u0000-\u001f\u007f-\u009f]+",
    r"(/(?!\.\.?(/|$))[^/\u0000-\u001f\u007f-\u009f]+)*$"
);

schema! {
    AccountId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The id of an account."},
    FileId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The id of a file; a rename keeps \
        it."},
    PackId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The id of a pack."},
    SessionId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The id of a session."},
    UploadId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The id of an upload."},
    VersionId: {"type": "string", "pattern": "^[0-9a-f]{32}$",
        "description": "The id of a version, which is also its ETag. Later versions sort after earlier \
         ones."},
    Sha256: {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 in lower-case hex."},
    ChunkId: {"type": "string", "pattern": "^[0-9a-f]{64}$",
        "description": "The id of a chunk: the BLAKE3 of its bytes in lower-case hex."},
    Sha1: {"type": "string", "pattern": "^[0-9a-f]{40}$", "description": "SHA-1 in lower-case hex."},
    PartNumber: {"type": "integer", "minimum": 1, "maximum": PART_MAX_COUNT,
        "description": "The number of a part or pack, from 1."},
    Timestamp: {"type": "string", "format": "date-time", "description": "RFC 3339 in UTC."},
    FilePath: {"type": "string", "minLength": 1, "maxLength": PATH_MAX_BYTES, "pattern": PATH_PATTERN,
        "description": "A relative path in UTF-8, at most 990 bytes, without empty, '.' or '..' segments, \
         control characters or U+10FFFF."},
}
