//! The error type of all measurements.

use std::error::Error;

/// Why a measurement ended early.
pub(crate) type Failure = Box<dyn Error>;
