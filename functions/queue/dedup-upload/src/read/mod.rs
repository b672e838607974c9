//! Reads a landed object once: hashes it and cuts it into chunks and packs.

pub mod checkpoint;
pub mod cut_packs;
pub mod hashed_object;
pub mod scan;
