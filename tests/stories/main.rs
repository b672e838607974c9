//! Stories of the whole pipeline, each told to the end on a real emulator.

mod accounts;
mod bad_input;
mod call_budget;
mod chunks;
mod command;
mod completion;
mod delta;
mod delta_client;
mod delta_lies;
mod hostile_uploads;
mod hostile_urls;
mod instant;
mod isolation;
mod listing;
mod names;
mod reading;
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
