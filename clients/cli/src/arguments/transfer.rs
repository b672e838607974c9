//! What `put` and `get` take.

use clap::Args;
use sluice_domain::id::VersionId;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::value::{FileReference, Remote, part_size};

/// What `put` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice put movie.mkv                      becomes movie.mkv
  sluice put movie.mkv --to films/          becomes films/movie.mkv
  sluice put movie.mkv --to films/one.mkv   becomes films/one.mkv
  sluice put photos --to holiday/           what lies in photos, below holiday/
  sluice put photos notes.txt --to backup/  backup/photos/…, backup/notes.txt

Content that the account has already is not sent again, and of a file that was edited only what is new: `delta` says so. \
A file that was put before and not touched since is not even read. An upload that was cut short, even by a crash, goes \
on where it stopped when the same command is repeated. A file is done once the server has verified every byte of it.")]
pub struct PutArguments {
    /// Files and folders; symbolic links inside folders are skipped
    #[arg(required = true)]
    pub local: Vec<PathBuf>,
    /// What to call it there, or (ending in `/`) the folder it goes into
    #[arg(long, short, value_name = "REMOTE")]
    pub to: Option<String>,
    /// How many parts or packs of large files to send at once, and four times as many small files
    #[arg(long, short, default_value = "4")]
    pub jobs: NonZeroUsize,
    /// Do not wait for the server to verify the bytes
    #[arg(long)]
    pub no_wait: bool,
    /// Upload what symbolic links inside folders point to
    #[arg(long)]
    pub follow_links: bool,
    /// Neither use nor fill the cache: hash every file, and ask the server what it has
    #[arg(long)]
    pub no_cache: bool,
    /// The media type, instead of a guess from the name
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// The size of parts of a file that is sent whole, such as 16m, instead of one that fits the file
    #[arg(long, value_name = "SIZE", value_parser = part_size)]
    pub part_size: Option<u64>,
    /// Only if this is still the file's version
    #[arg(long, value_name = "VERSION_ID")]
    pub if_match: Option<VersionId>,
}

/// What `get` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice get films/one.mkv                  into ./one.mkv
  sluice get films/one.mkv --to two.mkv     into ./two.mkv
  sluice get holiday/                       all below holiday/, into ./holiday
  sluice get holiday/ --to photos           into ./photos
  sluice get / --to backup                  everything
  sluice get disk.img --force               over ./disk.img, reading only what that lacks
  sluice get disk.img --to new.img --base old.img

What arrives is checked chunk by chunk, and as a whole against the version's SHA-256 before it gets its name; until then \
it lies beside the target as .sluice-partial-VERSION, from where a repeated command goes on. A file that is there already and has the same content \
is left alone.")]
pub struct GetArguments {
    /// Files, or (ending in `/`) folders; `id:` and a file id name a file too
    #[arg(required = true)]
    pub remote: Vec<Remote<FileReference>>,
    /// Where to; a folder if it exists, ends in `/`, or takes more than one file
    #[arg(long, short, value_name = "LOCAL")]
    pub to: Option<PathBuf>,
    /// Do not remember what was downloaded: a later `put` of an edited file then asks the server what it shares
    #[arg(long)]
    pub no_cache: bool,
    /// Replace files that are there and differ
    #[arg(long, short)]
    pub force: bool,
    /// A local file that may share content with what is downloaded; may be given several times
    #[arg(long, value_name = "FILE")]
    pub base: Vec<PathBuf>,
    /// An earlier version, as `versions` shows it
    #[arg(long, value_name = "VERSION_ID")]
    pub version_id: Option<VersionId>,
    /// How many requests for bytes, and how many files, may be under way at once
    #[arg(long, short, default_value = "8")]
    pub jobs: NonZeroUsize,
}
