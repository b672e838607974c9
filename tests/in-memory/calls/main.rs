//! Runs the HTTP functions on services in memory: calls that are repeated, and calls that meet.

mod api;
mod collisions;
mod repeats;
mod rows;
