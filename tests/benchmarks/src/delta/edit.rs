//! Makes the edits between two versions of a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

const OVERWRITES: u64 = 10;
const OVERWRITE_BYTES: u64 = 1 << 10;
const APPENDED_BYTES: u64 = 1 << 20;
const CUT_BYTES: u64 = 100;

/// A change to a file.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// Inserts one byte at the front, so that all others move.
    Prepend,
    /// Overwrites ten evenly spaced places of 1 KiB.
    Overwrite,
    Append,
    /// Removes 100 bytes from the middle.
    Cut,
}

impl Edit {
    pub const ALL: [Self; 4] = [Self::Prepend, Self::Overwrite, Self::Append, Self::Cut];

    /// The name of the table's row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepend => "1 byte put in front",
            Self::Overwrite => "10 places of 1 KiB overwritten",
            Self::Append => "1 MiB appended",
            Self::Cut => "100 bytes cut from the middle",
        }
    }

    /// Writes a copy of `base` with this change to `edited`.
    pub fn apply(self, base: &Path, edited: &Path) -> io::Result<()> {
        match self {
            Self::Prepend => {
                let mut edited = File::create(edited)?;
                edited.write_all(b"+")?;
                io::copy(&mut File::open(base)?, &mut edited)?;
            }
            Self::Overwrite => {
                let size_bytes = fs::copy(base, edited)?;
                let mut edited = OpenOptions::new().write(true).open(edited)?;
                for place in 0..OVERWRITES {
                    edited.seek(SeekFrom::Start(size_bytes * (2 * place + 1) / (2 * OVERWRITES)))?;
                    write_random(&mut edited, OVERWRITE_BYTES)?;
                }
            }
            Self::Append => {
                fs::copy(base, edited)?;
                write_random(&mut OpenOptions::new().append(true).open(edited)?, APPENDED_BYTES)?;
            }
            Self::Cut => {
                let mut base = File::open(base)?;
                let mut edited = File::create(edited)?;
                let middle = base.metadata()?.len() / 2;
                io::copy(&mut (&mut base).take(middle), &mut edited)?;
                base.seek_relative(CUT_BYTES.cast_signed())?;
                io::copy(&mut base, &mut edited)?;
            }
        }
        Ok(())
    }
}

fn write_random(file: &mut File, size_bytes: u64) -> io::Result<()> {
    io::copy(&mut File::open("/dev/urandom")?.take(size_bytes), file).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_change_only_what_they_name() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        let edited = folder.path().join("edited");
        let before: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
        fs::write(&base, &before).unwrap();
        let after = |edit: Edit| {
            edit.apply(&base, &edited).unwrap();
            fs::read(&edited).unwrap()
        };

        assert_eq!(after(Edit::Prepend)[1..], before);
        assert_eq!(after(Edit::Cut), [&before[..100_000], &before[100_100..]].concat());
        let appended = after(Edit::Append);
        assert_eq!((&appended[..before.len()], appended.len() - before.len()), (&before[..], 1 << 20));
        let overwritten = after(Edit::Overwrite);
        assert_eq!(overwritten.len(), before.len());
        let changed = before.chunks(1000).zip(overwritten.chunks(1000)).filter(|(old, new)| old != new);
        assert!((10..=30).contains(&changed.count()));
    }
}
