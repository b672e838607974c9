//! Reads the environment, which nothing else does.

use std::collections::BTreeMap;

const PREFIX: &str = "SLUICE_";

/// All settings in the environment: the variables with the prefix `SLUICE_`.
#[expect(clippy::disallowed_methods, reason = "settings are read here only")]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}
