//! What all tests of workers need: a world to work in, the workers, and harm to do to them.

mod bytes;
mod caller;
mod harm;
mod inspect;
mod worker;
mod world;

pub use bytes::{compressible, edited, incompressible};
pub use caller::Caller;
pub use harm::{survives_death, survives_harm};
pub use inspect::keys;
pub use worker::Worker;
pub use world::{World, condemn_pack};
