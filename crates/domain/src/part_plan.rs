//! Cuts a file into the parts of one multipart upload, within the limits of Amazon S3
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>).

use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;

/// Smallest size of all parts except the last: 5 MiB.
pub const PART_MIN_BYTES: u64 = 5 * MIB;
/// Largest size of a part, and of a single PUT: 5 GiB.
pub const PART_MAX_BYTES: u64 = 5 << 30;
/// An upload has at most this many parts.
pub const PART_MAX_COUNT: u64 = 10_000;
/// Largest size of a file: 10,000 parts of 5 GiB, which are 48.8 TiB.
pub const OBJECT_MAX_BYTES: u64 = PART_MAX_COUNT * PART_MAX_BYTES;
/// A file of up to 16 MiB is sent in one PUT, unless the client asks for smaller parts.
pub const SINGLE_PUT_MAX_BYTES: u64 = 16 * MIB;

/// A part's number, from 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PartNumber(u32);

/// A number outside 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part number is from 1 to 10000")]
pub struct InvalidPartNumber;

impl PartNumber {
    /// The first part, and the only one of a single PUT.
    pub const FIRST: Self = Self(1);

    /// The number, from 1.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The part's index in a list of all parts, from 0.
    pub fn index(self) -> usize {
        self.0 as usize - 1
    }
}

impl TryFrom<u32> for PartNumber {
    type Error = InvalidPartNumber;
    fn try_from(number: u32) -> Result<Self, InvalidPartNumber> {
        if (1..=10_000).contains(&number) { Ok(Self(number)) } else { Err(InvalidPartNumber) }
    }
}

impl From<PartNumber> for u32 {
    fn from(number: PartNumber) -> u32 {
        number.0
    }
}

/// How the client sends the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadMethod {
    /// One PUT of the whole file.
    Put,
    /// The parts of one S3 multipart upload.
    Multipart,
    /// A delta upload: one PUT for each pack of chunks that the account lacks, and a manifest.
    Packs,
}

/// The parts of one file. All have `part_size` except the last, which has the remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartPlan {
    /// Size of the file in bytes.
    pub size: u64,
    /// Size in bytes of every part except the last.
    pub part_size: u64,
}

/// Why a file cannot be cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The file is over 48.8 TiB.
    #[error("a file has at most {OBJECT_MAX_BYTES} bytes (48.8 TiB)")]
    FileTooLarge,
    /// The requested part size is outside 5 MiB to 5 GiB.
    #[error("a part has {PART_MIN_BYTES} to {PART_MAX_BYTES} bytes (5 MiB to 5 GiB)")]
    PartSizeOutOfRange,
    /// The requested part size gives more than 10,000 parts.
    #[error("{part_size} bytes a part would make more than {PART_MAX_COUNT} parts; ask for at least {least}")]
    TooManyParts {
        /// The requested part size in bytes.
        part_size: u64,
        /// The smallest possible part size in bytes.
        least: u64,
    },
}

impl PartPlan {
    /// Plans a file of `size` bytes, with the client's part size or the default.
    ///
    /// The default is 16 MiB up to 1600 MiB. Then it grows to 64 MiB, to stay within 100 parts (the URLs of
    /// one answer), and from 625 GiB on again, to stay within 10,000 parts.
    ///
    /// # Errors
    /// [`PlanError`] names the limit that the plan would break.
    pub fn new(size: u64, part_size: Option<u64>) -> Result<Self, PlanError> {
        if size > OBJECT_MAX_BYTES {
            return Err(PlanError::FileTooLarge);
        }
        let Some(part_size) = part_size else {
            return Ok(Self { size, part_size: default_part_size(size) });
        };
        if !(PART_MIN_BYTES..=PART_MAX_BYTES).contains(&part_size) {
            return Err(PlanError::PartSizeOutOfRange);
        }
        if size.div_ceil(part_size) > PART_MAX_COUNT {
            return Err(PlanError::TooManyParts { part_size, least: size.div_ceil(PART_MAX_COUNT) });
        }
        Ok(Self { size, part_size })
    }

    /// A single PUT for one part, a multipart upload for more.
    pub fn method(&self) -> UploadMethod {
        if self.part_count() == 1 { UploadMethod::Put } else { UploadMethod::Multipart }
    }

    /// The number of parts, 1 to 10,000. An empty file has one empty part.
    pub fn part_count(&self) -> u32 {
        self.size.div_ceil(self.part_size).max(1) as u32
    }

    /// Size of the part in bytes, if the plan has such a part.
    pub fn size_of(&self, part: PartNumber) -> Option<u64> {
        let count = self.part_count();
        match part.get().cmp(&count) {
            std::cmp::Ordering::Less => Some(self.part_size),
            std::cmp::Ordering::Equal => Some(self.size - self.part_size * u64::from(count - 1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// All parts in order, with their sizes in bytes.
    pub fn parts(&self) -> impl Iterator<Item = (PartNumber, u64)> {
        let plan = *self;
        (1..=self.part_count()).map(PartNumber).filter_map(move |part| Some((part, plan.size_of(part)?)))
    }

    /// Offset of the part in the file, in bytes.
    pub fn offset_of(&self, part: PartNumber) -> u64 {
        self.part_size * u64::from(part.get() - 1)
    }
}

fn default_part_size(size: u64) -> u64 {
    // At most 64 MiB for the sake of 100 parts: a slow line sends that before the URL expires.
    let few = size.div_ceil(100).clamp(SINGLE_PUT_MAX_BYTES, 64 * MIB);
    let enough = size.div_ceil(PART_MAX_COUNT);
    few.max(enough).next_multiple_of(MIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check_limits(plan: PartPlan) {
        let count = u64::from(plan.part_count());
        assert!((1..=PART_MAX_COUNT).contains(&count));
        assert_eq!(plan.parts().map(|(_, size)| size).sum::<u64>(), plan.size);
        assert_eq!(plan.parts().count() as u64, count);
        for (part, size) in plan.parts() {
            assert!(size <= PART_MAX_BYTES);
            assert!(size >= PART_MIN_BYTES || u64::from(part.get()) == count);
            assert!(size > 0 || plan.size == 0);
        }
    }

    proptest! {
        #[test]
        fn every_default_plan_holds_the_limits(size in 0..=OBJECT_MAX_BYTES) {
            check_limits(PartPlan::new(size, None).expect("within the largest object"));
        }

        #[test]
        fn every_accepted_part_size_holds_the_limits(
            size in 0..=OBJECT_MAX_BYTES,
            part_size in 0..=2 * PART_MAX_BYTES,
        ) {
            match PartPlan::new(size, Some(part_size)) {
                Ok(plan) => check_limits(plan),
                Err(PlanError::TooManyParts { least, .. }) =>
                    prop_assert!(PartPlan::new(size, Some(least.max(PART_MIN_BYTES))).is_ok()),
                Err(PlanError::PartSizeOutOfRange) =>
                    prop_assert!(!(PART_MIN_BYTES..=PART_MAX_BYTES).contains(&part_size)),
                Err(PlanError::FileTooLarge) => prop_assert!(false),
            }
        }
    }

    #[test]
    fn plans_at_the_limits() {
        let plan = |size| PartPlan::new(size, None).expect("plan");
        assert_eq!((plan(0).method(), plan(0).part_count()), (UploadMethod::Put, 1));
        assert_eq!(plan(SINGLE_PUT_MAX_BYTES).method(), UploadMethod::Put);
        assert_eq!(plan(SINGLE_PUT_MAX_BYTES + 1).method(), UploadMethod::Multipart);
        assert_eq!(plan(200 * MIB).part_count(), 13);
        check_limits(plan(OBJECT_MAX_BYTES));
        assert_eq!(plan(OBJECT_MAX_BYTES).part_size, PART_MAX_BYTES);
        check_limits(plan(50_000_000_000_000));
        assert_eq!(PartPlan::new(OBJECT_MAX_BYTES + 1, None), Err(PlanError::FileTooLarge));
        let asked = PartPlan::new(6 * MIB, Some(5 * MIB)).expect("plan");
        assert_eq!((asked.method(), asked.part_count()), (UploadMethod::Multipart, 2));
    }
}
