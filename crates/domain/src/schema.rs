//! JSON Schemas of the types that appear on the wire.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

use crate::hash::{ChunkId, Sha1, Sha256};
use crate::id::{AccountId, FileId, PackId, UploadId, VersionId};
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

schema! {
    AccountId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "An account's id."},
    FileId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "A file's id; a rename keeps it."},
    PackId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "A pack's id."},
    UploadId: {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "An upload's id."},
    VersionId: {"type": "string", "pattern": "^[0-9a-f]{32}$",
        "description": "A version's id and ETag. Later versions sort after earlier ones."},
    Sha256: {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 in lower-case hex."},
    ChunkId: {"type": "string", "pattern": "^[0-9a-f]{64}$",
        "description": "A chunk's id: the BLAKE3 of its bytes, in lower-case hex."},
    Sha1: {"type": "string", "pattern": "^[0-9a-f]{40}$", "description": "SHA-1 in lower-case hex."},
    PartNumber: {"type": "integer", "minimum": 1, "maximum": PART_MAX_COUNT},
    Timestamp: {"type": "string", "format": "date-time", "description": "RFC 3339 in UTC."},
    FilePath: {"type": "string", "minLength": 1, "maxLength": PATH_MAX_BYTES,
        "description": "A relative path in UTF-8, at most 990 bytes, without empty, '.' or '..' segments or control characters."},
}
