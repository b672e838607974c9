//! Generates bytes to upload.

/// Returns `length` incompressible bytes, different for each `seed` (xorshift64*).
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Returns `length` bytes of log lines that compress well, different for each `seed`.
pub fn log_lines(seed: u64, length: usize) -> Vec<u8> {
    let numbers = bytes(seed, length / 8 + 64);
    let mut lines = Vec::with_capacity(length + 200);
    for (number, value) in numbers.chunks_exact(8).enumerate() {
        let request = u64::from_le_bytes(value.try_into().expect("8 bytes"));
        let line = format!(
            concat!(
                r#"{{"time":"2026-01-31T12:{:02}:{:02}Z","level":"info","request_id":"{:016x}","#,
                r#""message":"published","bytes":{}}}"#
            ),
            number / 60 % 60,
            number % 60,
            request,
            u32::from(value[0]) * 977,
        );
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
        if lines.len() >= length {
            break;
        }
    }
    lines.truncate(length);
    lines
}
