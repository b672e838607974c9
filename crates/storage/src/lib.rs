//! Accesses buckets, tables and queues. Of what is deployed, only this crate uses the AWS SDKs.
//!
//! [`Bucket`] is one bucket, [`Tables`] are all DynamoDB tables and the transactions across them, [`Queue`]
//! is one SQS queue. [`StorageError`] is what the errors of the SDKs mean.

mod answer_headers;
mod attachment;
mod bucket;
mod call;
mod chain;
mod clients;
mod copy;
mod credentials;
mod dialect;
mod error;
pub mod fault;
mod get;
mod list;
pub mod presign;
pub mod probe;
mod put;
mod put_parts;
mod queue;
mod role_session;
pub mod stores;
pub mod tables;
mod time_limits;
pub mod trace;
mod transaction;

pub use answer_headers::Description;
pub use attachment::read_attachment;
pub use bucket::{Bucket, MultipartOptions, PartSha256, StoredPart, normalise_etag};
pub use call::found;
pub use chain::Chain;
pub use clients::Clients;
pub use copy::{Copy, CopyLimits, CopyProgress, CopySource};
pub use error::{ErrorKind, StorageError};
pub use get::{GetOptions, Object, ObjectHead};
pub use list::LIST_PAGE;
pub use put::{PutOptions, Written};
pub use put_parts::CheckedUpload;
pub use queue::{DelayedMessage, Queue, Received, VisibilityChange};
pub use tables::access::{TableNames, Tables};
pub use time_limits::TimeLimits;
