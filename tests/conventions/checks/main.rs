//! Checks the source tree against the conventions of `CONTRIBUTING.md`.

mod cycles;
mod dependencies;
mod links;
mod rust_modules;
mod tree;
mod typescript_modules;
mod widths;
mod words;
