//! Names the settings.

pub const STORES: &str = "SLUICE_STORES";
pub const GRACE: &str = "SLUICE_RETIRED_OBJECT_GRACE_SECONDS";
pub const URL_LIFE: &str = "SLUICE_PRESIGNED_URL_TTL_SECONDS";
