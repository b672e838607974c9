//! Gives the limits of texts that JSON Schema can state only in part.

use schemars::Schema;
use serde_json::json;
use sluice_domain::version::METADATA_MAX_BYTES;

/// `type/subtype` and parameters, in printable ASCII, as [`sluice_domain::version::content_type`] checks it.
pub(crate) const CONTENT_TYPE_PATTERN: &str = "^ *[!-.0-:<-~]+/[!-.0-:<-~]+ *(;[ -~]*)?$";

/// Refuses the ASCII characters that no user name has. Which other characters are letters or digits is not
/// said: not every reader of a schema knows Unicode's classes.
pub(crate) const USERNAME_PATTERN: &str = r"^[^\u0000-/:-@\[-`{-\u00a0][^\u0000-,/:-?\[-^`{-\u00a0]*$";

pub(crate) const NO_CONTROL_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Adds the limits of [`sluice_domain::version::check_metadata`], as far as a schema can state them.
pub(crate) fn metadata(schema: &mut Schema) {
    schema.insert("maxProperties".to_owned(), json!(METADATA_MAX_BYTES));
    schema.insert("propertyNames".to_owned(), json!({"minLength": 1, "maxLength": METADATA_MAX_BYTES}));
    schema.insert(
        "additionalProperties".to_owned(),
        json!({"type": "string", "maxLength": METADATA_MAX_BYTES}),
    );
}
