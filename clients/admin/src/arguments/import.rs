//! What `import` takes.

use clap::Args;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::value::bytes;

/// What `import` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Every object is copied as it was listed, verified at the target, and gets a signed receipt (`receipts --import`). What the
target has already, by receipt or checksum, is left alone, so that the same command again copies what is new or changed;
nothing is deleted. A run that was stopped goes on where it was. Objects may be read while they move; what changes meanwhile
is copied as it then is.

Examples:
  sluice-admin import s3://photos --from ceph --to oss --dry-run
  sluice-admin import s3://photos/2019/ --from ceph --to oss --to-prefix archive/ --bandwidth 50m")]
pub struct ImportArguments {
    /// The bucket, and what the keys begin with
    #[arg(value_name = "s3://BUCKET[/PREFIX]")]
    pub source: Location,
    /// The store that has the bucket; `vault` stands for the operator's own AWS credentials
    #[arg(long, value_name = "STORE")]
    pub from: String,
    /// The store to whose cold bucket the objects go
    #[arg(long, value_name = "STORE")]
    pub to: String,
    /// What the keys begin with there, before what they are here
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true)]
    pub to_prefix: String,
    /// How many objects to copy at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// At most so many bytes a second; k, m and g stand for KiB, MiB and GiB
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = bytes)]
    pub bandwidth: Option<u64>,
    /// Where to remember how far the import is, instead of the platform's own place
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// List what would be copied, and copy nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Larger objects go in parts
    #[arg(long, hide = true, value_parser = bytes, default_value = "64m")]
    pub parts_above: u64,
}

/// A bucket, and what keys in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with.
    pub prefix: String,
}

/// A text that names no place in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is written s3://BUCKET or s3://BUCKET/PREFIX")]
pub struct InvalidLocation;

impl FromStr for Location {
    type Err = InvalidLocation;
    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        let place = text.strip_prefix("s3://").ok_or(InvalidLocation)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(InvalidLocation);
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_prefix() {
        let place = |text: &str| text.parse().map(|place: Location| (place.bucket, place.prefix));
        assert_eq!(place("s3://b"), Ok(("b".to_owned(), String::new())));
        assert_eq!(place("s3://b/"), Ok(("b".to_owned(), String::new())));
        assert_eq!(place("s3://b/a b/c"), Ok(("b".to_owned(), "a b/c".to_owned())));
        for bad in ["", "b", "s3://", "s3:///a", "https://b"] {
            assert_eq!(place(bad), Err(InvalidLocation), "{bad}");
        }
    }
}
