//! Runs the HTTP functions on services in memory: calls that are repeated, and calls that meet.

mod api;
mod repeats;
mod rows;
