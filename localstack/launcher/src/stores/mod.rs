//! Runs real S3 stores on loopback, as child processes.
//!
//! [`LocalStore::start`] installs what is missing, starts the store on free ports and waits until it answers
//! a signed request. Everything that it starts ends with the [`LocalStore`] or with this process, however
//! that ends. The stores run on Linux only.

mod bucket;
mod ceph;
mod install;
mod kind;
mod launch;
mod local_store;
mod minio;
mod notification;
mod seaweedfs;
mod settings;
mod supervisor;
mod topic;

pub use kind::StoreKind;
pub use local_store::LocalStore;
pub(crate) use minio::server_variables;
pub use settings::{StoreSettings, WebhookSettings};
