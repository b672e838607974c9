//! Finds chunks that the account has already, and makes new ones findable.

pub mod chunk_index;
pub mod lookup;
pub mod reusable_packs;
