//! Stories of the whole pipeline, each told to the end on a real emulator.

mod accounts;
mod call_budget;
mod command;
mod hostile_uploads;
mod hostile_urls;
mod instant;
mod isolation;
mod names;
mod routes;
mod support;
mod sweep;
mod upload_and_read;
mod worker_faults;
mod worker_messages;
