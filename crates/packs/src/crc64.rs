//! Computes CRC-64/XZ, the checksum of OSS
//! (<https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-xz>).

pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, bytes)
}

/// The CRC-64/XZ of two byte sequences joined, from the checksum of each and the length of the second in
/// bytes.
pub fn crc64_of_both(first: u64, second: u64, second_length: u64) -> u64 {
    crc_fast::checksum_combine(crc_fast::CrcAlgorithm::Crc64Xz, first, second, second_length)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(super::crc64(b"123456789"), 0x995D_C9BB_DF19_39FA);
    }

    #[test]
    fn a_whole_is_combined_of_its_parts() {
        let whole = super::crc64(b"123456789");
        assert_eq!(super::crc64_of_both(super::crc64(b"1234"), super::crc64(b"56789"), 5), whole);
        assert_eq!(super::crc64_of_both(0, whole, 9), whole, "nothing before it");
    }
}
