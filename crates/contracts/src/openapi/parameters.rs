//! Gives the JSON Schemas of the types of parameters.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sluice_domain::path::PATH_MAX_BYTES;
use std::borrow::Cow;

use super::limits::NO_CONTROL_PATTERN;
use crate::cursor::{ListCursor, PLACE_MAX_BYTES, PlanCursor};
use crate::parameters::{
    Disposition, Limit, MaterializingStatus, PathPart, PlanDetail, UploadIds, WebhookToken,
};
use crate::uploads::PAGE_MAX;
use crate::{LIST_DEFAULT, LIST_MAX};

macro_rules! schema {
    ($($name:ident: $schema:tt),+ $(,)?) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
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
    Limit: {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT},
    ListCursor: {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1,
        "maxLength": (PLACE_MAX_BYTES * 4).div_ceil(3)},
    PlanCursor: {"type": "string", "pattern": "^[0-9a-f]{32}-[0-9]{1,19}$", "minLength": 1,
        "maxLength": 52},
    PathPart: {"type": "string", "maxLength": PATH_MAX_BYTES, "pattern": NO_CONTROL_PATTERN},
    UploadIds: {"type": "array", "items": {"$ref": "#/components/schemas/UploadId"}, "minItems": 1,
        "maxItems": PAGE_MAX},
    Disposition: {"type": "string", "enum": ["attachment", "inline"], "default": "attachment"},
    MaterializingStatus: {"type": "integer", "enum": [202, 503], "default": 202},
    PlanDetail: {"type": "string", "enum": ["chunks", "terms"], "default": "chunks"},
    WebhookToken: {"type": "string"},
}
