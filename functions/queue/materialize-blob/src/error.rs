//! Says why a blob could not be materialized.

use sluice_contracts::event::UnreadableMessage;
use sluice_domain::hash::Sha256;
use sluice_lambda::batch::ProcessError;
use sluice_packs::PackError;
use sluice_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    #[error("the manifest of {0} names packs or chunks that are not there")]
    PacksMissing(Sha256),
    #[error("{0} needs more parts than an object may have")]
    TooManyParts(Sha256),
    #[error("the parts that were made for {0} do not have its size")]
    OtherSize(Sha256),
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl From<StorageError> for MaterializeError {
    fn from(error: StorageError) -> Self {
        Self::Pack(error.into())
    }
}

impl From<UnreadableMessage> for MaterializeError {
    fn from(error: UnreadableMessage) -> Self {
        Self::Pack(error.into())
    }
}

impl ProcessError for MaterializeError {
    fn is_permanent(&self) -> bool {
        match self {
            Self::PacksMissing(_) | Self::OtherSize(_) => false,
            Self::TooManyParts(_) => true,
            Self::Pack(error) => error.is_permanent(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::PacksMissing(_) => "packs_missing",
            Self::TooManyParts(_) => "too_many_parts",
            Self::OtherSize(_) => "other_size",
            Self::Pack(error) => error.code(),
        }
    }
}
