//! The arguments of `import`.

use clap::Args;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::value::bytes;

#[derive(Debug, Args)]
#[command(after_help = "\
Every object is copied, verified at the target, and gets a signed receipt (see `sluice-admin receipts`).
Objects that the target already has, by receipt or checksum, are skipped: run the command again to copy
what is new or changed. Nothing is deleted. An interrupted run continues where it stopped. The source
stays readable; an object that changes during the import is copied in its new state.

Examples:
  sluice-admin import s3://photos --from ceph --to oss --dry-run
  sluice-admin import s3://photos/2019/ --from ceph --to oss --to-prefix archive/ --bandwidth 50m")]
pub struct ImportArguments {
    /// The source bucket, and the prefix of the keys to copy
    #[arg(value_name = "s3://BUCKET[/PREFIX]")]
    pub source: Location,
    /// The store that has the source bucket; `vault` stands for the operator's own AWS credentials
    #[arg(long, value_name = "STORE")]
    pub from: String,
    /// The store to copy to; the objects go into its cold bucket
    #[arg(long, value_name = "STORE")]
    pub to: String,
    /// A prefix to add to the keys at the target
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub to_prefix: String,
    /// How many objects to copy at once
    #[arg(long, value_name = "N", default_value_t = 16)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// The most bytes per second to copy; k, m and g stand for KiB, MiB and GiB
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = bytes)]
    pub bandwidth: Option<u64>,
    /// The file that remembers how far the import got, instead of one in the standard folder
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// List the objects that would be copied, and copy nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Copy larger objects in parts
    #[arg(long, hide = true, value_parser = bytes, default_value = "64m")]
    pub parts_above: u64,
}

/// A bucket, and a prefix of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    pub prefix: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bucket is written s3://BUCKET or s3://BUCKET/PREFIX")]
pub struct InvalidLocation;

impl FromStr for Location {
    type Err = InvalidLocation;
    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        let location = text.strip_prefix("s3://").ok_or(InvalidLocation)?;
        let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
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
    fn a_location_is_a_bucket_and_a_prefix() {
        let parsed = |text: &str| text.parse().map(|location: Location| (location.bucket, location.prefix));
        assert_eq!(parsed("s3://b"), Ok(("b".to_owned(), String::new())));
        assert_eq!(parsed("s3://b/"), Ok(("b".to_owned(), String::new())));
        assert_eq!(parsed("s3://b/a b/c"), Ok(("b".to_owned(), "a b/c".to_owned())));
        for bad in ["", "b", "s3://", "s3:///a", "https://b"] {
            assert_eq!(parsed(bad), Err(InvalidLocation), "{bad}");
        }
    }
}
