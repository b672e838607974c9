//! Real S3 stores on loopback, as child processes: what the emulator's S3 is checked against.
//!
//! [`LocalStore::start`] installs what is missing, starts the store on free ports and waits until it answers a signed
//! request. Everything it starts ends with the [`LocalStore`], and with this process in whatever way that ends. They run
//! on Linux only.

mod bucket;
mod ceph;
mod install;
mod kind;
mod local_store;
mod minio;
mod notification;
mod seaweedfs;
mod settings;
mod supervisor;

pub use kind::StoreKind;
pub use local_store::LocalStore;
pub(crate) use local_store::{ACCESS_KEY, SECRET_KEY};
pub(crate) use minio::server_variables;
pub use settings::{StoreSettings, WebhookSettings};
