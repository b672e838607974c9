//! Runs the workers on services in memory: their branches, and that no fault at any point changes the result.
//! Also calls of HTTP functions that need more rows than a story makes.

mod complete;
mod compress;
mod deaths;
mod dedup;
mod import;
mod list;
mod lost_answers;
mod materialize;
mod migrate;
mod plan;
mod read;
mod support;
mod sweep_objects;
mod sweep_uploads;
mod time_limits;
