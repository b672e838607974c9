//! Accesses buckets, tables and queues. Only this crate uses the AWS SDKs.
//!
//! [`Bucket`] is one bucket, [`Tables`] are all DynamoDB tables and the transactions across them, [`Queue`]
//! is one SQS queue. Only [`error`] interprets the errors of the SDKs.

mod attachment;
pub mod bucket;
mod call;
mod checked;
mod checked_parts;
pub mod clients;
pub mod copy;
mod credentials;
mod description;
mod dialect;
pub mod error;
pub mod fault;
pub mod presign;
pub mod probe;
pub mod queue;
pub mod stores;
pub mod tables;
pub mod trace;
mod transaction;

pub use attachment::read_attachment;
pub use bucket::Bucket;
pub use checked::{PutOptions, Written};
pub use checked_parts::CheckedUpload;
pub use clients::Clients;
pub use description::Description;
pub use error::{ErrorKind, StorageError};
pub use queue::Queue;
pub use stores::Stores;
pub use tables::{TableNames, Tables};
