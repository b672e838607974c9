//! Reads and writes what all binary formats share: magic, version, varints, and a checksum at the end.
//!
//! `docs/FORMATS.md` has the layouts. Every value has exactly one encoding, so that equal values are equal
//! bytes.

/// Why bytes are not a well-formed value of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes end before the fields do.
    #[error("the bytes end before the fields do")]
    Truncated,
    /// The first four bytes are not the magic of this format.
    #[error("the first four bytes are not this format's")]
    WrongMagic,
    /// The format version is newer than this program.
    #[error("version {0} of the format is not supported")]
    UnsupportedVersion(u8),
    /// The bytes were damaged or altered after they were written.
    #[error("the checksum does not match")]
    ChecksumMismatch,
    /// An integer is too large for its field or not in its shortest form.
    #[error("an integer is too large or not in its shortest form")]
    InvalidInteger,
    /// A table claims more entries than the remaining bytes could hold.
    #[error("a table of {0} entries does not fit into the remaining bytes")]
    CountBeyondInput(u64),
    /// There are more bytes after the last field.
    #[error("{0} bytes follow the last field")]
    TrailingBytes(usize),
}

/// The magic in the first four bytes of a format, and the version in the fifth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    pub magic: [u8; 4],
    pub version: u8,
}

/// Each format ends with this many leading bytes of a BLAKE3 digest.
const CHECKSUM_BYTES: usize = 8;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut leading = [0; CHECKSUM_BYTES];
    leading.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM_BYTES]);
    leading
}

pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Starts a value of `format`, with room for `capacity_bytes`.
    pub fn new(format: Format, capacity_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity_bytes);
        bytes.extend_from_slice(&format.magic);
        bytes.push(format.version);
        Self(bytes)
    }

    /// Appends `bytes` as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends an unsigned LEB128 integer.
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Appends the checksum of all that was written.
    pub fn seal(mut self) -> Vec<u8> {
        let checksum = checksum(&self.0);
        self.0.extend_from_slice(&checksum);
        self.0
    }
}

/// Decodes a value. Never reads past the end, never allocates.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks magic, version and checksum of a whole value, then starts at the first field.
    pub fn open(format: Format, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut header = Self(bytes);
        if header.array()? != format.magic {
            return Err(FormatError::WrongMagic);
        }
        let [version] = header.array()?;
        if version != format.version {
            return Err(FormatError::UnsupportedVersion(version));
        }
        let (fields, stored) = header.0.split_last_chunk().ok_or(FormatError::Truncated)?;
        if checksum(&bytes[..bytes.len() - CHECKSUM_BYTES]) != *stored {
            return Err(FormatError::ChecksumMismatch);
        }
        Ok(Self(fields))
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// An unsigned LEB128 integer in its shortest form that fits `T`.
    pub fn varint<T: TryFrom<u64>>(&mut self) -> Result<T, FormatError> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return T::try_from(value).ok().filter(|_| shortest).ok_or(FormatError::InvalidInteger);
            }
        }
        Err(FormatError::InvalidInteger)
    }

    /// The number of entries of a table, each of at least `entry_bytes`. It is bounded by the remaining
    /// bytes, so that the caller may allocate the table.
    pub fn count(&mut self, entry_bytes: usize) -> Result<usize, FormatError> {
        let count: u64 = self.varint()?;
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= self.0.len() / entry_bytes)
            .ok_or(FormatError::CountBeyondInput(count))
    }

    /// Checks that every field has been read.
    pub fn finish(self) -> Result<(), FormatError> {
        if self.0.is_empty() { Ok(()) } else { Err(FormatError::TrailingBytes(self.0.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { magic: *b"TEST", version: 3 };

    fn varint(bytes: &[u8]) -> Result<u64, FormatError> {
        Reader(bytes).varint()
    }

    #[test]
    fn varints_round_trip_and_have_one_encoding() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 1 << 40, u64::MAX - 1, u64::MAX] {
            let mut writer = Writer(Vec::new());
            writer.varint(value);
            assert_eq!(varint(&writer.0), Ok(value));
        }
        assert_eq!(varint(&[0x80]), Err(FormatError::Truncated));
        assert_eq!(varint(&[0x80, 0x00]), Err(FormatError::InvalidInteger));
        assert_eq!(varint(&[[0xff; 9].as_slice(), &[2]].concat()), Err(FormatError::InvalidInteger));
        assert_eq!(varint(&[0xff; 11]), Err(FormatError::InvalidInteger));
        assert_eq!(Reader(&[0x80, 0x02]).varint::<u8>(), Err(FormatError::InvalidInteger));
    }

    #[test]
    fn the_envelope_is_checked_from_the_outside_in() {
        let sealed = Writer::new(FORMAT, 0).seal();
        assert!(Reader::open(FORMAT, &sealed).is_ok_and(|reader| reader.finish().is_ok()));
        let other = Format { magic: *b"ELSE", ..FORMAT };
        assert_eq!(Reader::open(other, &sealed).err(), Some(FormatError::WrongMagic));
        let later = Format { version: 4, ..FORMAT };
        assert_eq!(Reader::open(later, &sealed).err(), Some(FormatError::UnsupportedVersion(3)));
        for length in 0..sealed.len() {
            assert_eq!(Reader::open(FORMAT, &sealed[..length]).err(), Some(FormatError::Truncated));
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert_eq!(Reader::open(FORMAT, &longer).err(), Some(FormatError::ChecksumMismatch));
    }
}
