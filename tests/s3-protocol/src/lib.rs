//! What the tests' stand-ins for stores share: their server, S3's operations, claimed signatures, queries,
//! errors and XML.

mod claim;
mod failure;
mod head;
mod operation;
mod server;
pub mod uri;
pub mod xml;

pub use claim::Claim;
pub use failure::Failure;
pub use head::Head;
pub use operation::{Operation, subresource};
pub use server::{ListenError, Server};
