//! Stories of the whole pipeline, each told to the end on a real emulator.

mod accounts;
mod bad_input;
mod call_budget;
mod command;
mod completion;
mod hostile_uploads;
mod hostile_urls;
mod instant;
mod isolation;
mod listing;
mod names;
mod renames;
mod routes;
mod single_put;
mod support;
mod sweep;
mod upload_and_read;
mod versions;
mod worker_faults;
mod worker_messages;
mod writer;
