//! Computes CRC-64/XZ, which OSS calls crc64ecma.

use crc_fast::{CrcAlgorithm, Digest, checksum, checksum_combine};

pub(crate) fn of(bytes: &[u8]) -> u64 {
    checksum(CrcAlgorithm::Crc64Xz, bytes)
}

/// The checksum of two concatenated ranges. `second_bytes` is the length of the second.
pub(crate) fn combine(first: u64, second: u64, second_bytes: u64) -> u64 {
    checksum_combine(CrcAlgorithm::Crc64Xz, first, second, second_bytes)
}

/// Starts the checksum of a stream.
pub(crate) fn start() -> Digest {
    Digest::new(CrcAlgorithm::Crc64Xz)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC-64/XZ bit by bit, with the reflected polynomial of ECMA-182.
    fn slowly(bytes: &[u8]) -> u64 {
        let step = |crc: u64| if crc & 1 == 1 { (crc >> 1) ^ 0xC96C_5795_D787_0F42 } else { crc >> 1 };
        !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u64::from(*byte), |crc, _| step(crc)))
    }

    #[test]
    fn the_check_value_is_the_published_one() {
        assert_eq!(of(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(of(b""), 0);
    }

    #[test]
    fn it_matches_the_definition_by_the_polynomial() {
        let bytes: Vec<u8> =
            (0..5000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [1, 15, 16, 17, 255, 256, 1023, 5000] {
            assert_eq!(of(&bytes[..length]), slowly(&bytes[..length]), "{length} bytes");
        }
    }

    #[test]
    fn halves_combine_to_the_whole() {
        let bytes: Vec<u8> = (0..4099_u32).map(|number| (number * 31) as u8).collect();
        for at in [0, 1, 9, 2048, 4098, 4099] {
            let (first, second) = bytes.split_at(at);
            assert_eq!(combine(of(first), of(second), second.len() as u64), of(&bytes), "split at {at}");
        }
    }
}
