//! Encodes the start of the next page as an opaque cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use sluice_lambda::{Call, Failure};

pub fn encode(after: &str) -> String {
    BASE64_URL.encode(after)
}

/// Decodes the cursor of a call. It is only a position in the caller's own list, so a forged one does no
/// harm.
pub fn of(call: &Call) -> Result<Option<String>, Failure> {
    let Some(cursor) = call.parameter::<String>("cursor")? else { return Ok(None) };
    let invalid = || Failure::invalid("the parameter cursor is not from an answer");
    let bytes = BASE64_URL.decode(cursor).map_err(|_| invalid())?;
    let after = String::from_utf8(bytes).map_err(|_| invalid())?;
    if after.is_empty() || after.len() > 1024 { Err(invalid()) } else { Ok(Some(after)) }
}
