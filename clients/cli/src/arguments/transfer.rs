//! The arguments of `put` and `get`.

use clap::Args;
use sluice_domain::id::VersionId;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::value::{FileReference, Remote, part_size};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice put movie.mkv                      upload as movie.mkv
  sluice put movie.mkv --to films/          upload as films/movie.mkv
  sluice put movie.mkv --to films/one.mkv   upload as films/one.mkv
  sluice put photos --to holiday/           upload the files in photos as holiday/...
  sluice put photos notes.txt --to backup/  upload as backup/photos/... and backup/notes.txt
  pg_dump shop | sluice put - --to shop.sql upload what another command prints

Bytes that the account already has are not sent again. The result of a file is `instant` if nothing was \
sent, `delta` if only new chunks were sent, and `uploaded` if the whole file was sent. A file that has not \
changed since an earlier `put` is not even read. If an upload is interrupted, run the same command again: it \
continues where it stopped. The command ends when the server has verified every byte.")]
pub struct PutArguments {
    /// Files, folders, or `-` for standard input; symbolic links inside folders are skipped
    #[arg(required = true)]
    pub local: Vec<PathBuf>,
    /// The remote name, or (ending in `/`) the remote folder
    #[arg(long, short, value_name = "REMOTE")]
    pub to: Option<String>,
    /// How many parts or packs to send at once; four times as many small files are handled at once
    #[arg(long, short, default_value = "4")]
    pub jobs: NonZeroUsize,
    /// Do not wait until the server has verified the bytes
    #[arg(long)]
    pub no_wait: bool,
    /// Upload the files that symbolic links inside folders point to
    #[arg(long)]
    pub follow_links: bool,
    /// Do not use the cache: read every file, and ask the server which chunks it has
    #[arg(long)]
    pub no_cache: bool,
    /// The media type, instead of one guessed from the name
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// The size of parts of a file that is sent whole, such as 16m, instead of a size that suits the file
    #[arg(long, value_name = "SIZE", value_parser = part_size)]
    pub part_size: Option<u64>,
    /// Upload only if this is still the current version of the file
    #[arg(long, value_name = "VERSION_ID")]
    pub if_match: Option<VersionId>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice get films/one.mkv                  write ./one.mkv
  sluice get films/one.mkv --to two.mkv     write ./two.mkv
  sluice get holiday/                       write all files below holiday/ to ./holiday
  sluice get holiday/ --to photos           write them to ./photos
  sluice get / --to backup                  download everything
  sluice get logs.tar --to - | tar x        write to standard output, once it is verified
  sluice get disk.img --force               replace ./disk.img, but reuse its chunks
  sluice get disk.img --to new.img --base old.img

Every chunk is verified, and then the SHA-256 of the whole file. Until then the bytes are in \
.sluice-partial-VERSION_ID beside the target. If a download is interrupted, run the same command again: it \
continues where it stopped. A local file that already has the right bytes is left alone.")]
pub struct GetArguments {
    /// Files, or (ending in `/`) folders; a file can also be given as `id:` and its file id
    #[arg(required = true)]
    pub remote: Vec<Remote<FileReference>>,
    /// The local file or folder; a folder if it exists as one, ends in `/`, or if there are several files;
    /// `-` is standard output
    #[arg(long, short, value_name = "LOCAL")]
    pub to: Option<PathBuf>,
    /// Do not remember the chunks of the download; a later `put` of an edited file then has to ask the server
    #[arg(long)]
    pub no_cache: bool,
    /// Replace local files that are different
    #[arg(long, short)]
    pub force: bool,
    /// A local file from which to copy chunks instead of downloading them; may be given several times
    #[arg(long, value_name = "FILE")]
    pub base: Vec<PathBuf>,
    /// Download this version, as `sluice versions` prints it, instead of the current one
    #[arg(long, value_name = "VERSION_ID")]
    pub version_id: Option<VersionId>,
    /// How many requests, and how many files, to handle at once
    #[arg(long, short, default_value = "8")]
    pub jobs: NonZeroUsize,
}

impl GetArguments {
    pub fn is_to_standard_output(&self) -> bool {
        self.to.as_deref() == Some(Path::new("-"))
    }
}
