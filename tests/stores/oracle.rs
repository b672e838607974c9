//! Compares our CRC-64/XZ with that of OSS's own Python package.

use sluice_localstack::python::ensure_environment;
use sluice_packs::{crc64, crc64_of_both};
use std::path::Path;
use std::process::Command;

/// Prints a checksum of each argument, which is in hex.
const PROGRAM: &str = "
import sys, oss2.utils
for text in sys.argv[1:]:
    crc = oss2.utils.Crc64()
    crc.update(bytes.fromhex(text))
    print(crc.crc)
";

#[test]
fn oss_computes_the_same_crc64() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let requirements = folder.join("stores/requirements.txt");
    let python = ensure_environment(&requirements, &folder.join("../target/venv"), |_| {});
    let python = python.unwrap_or_else(|error| panic!("oss2: {error}"));
    let inputs = [vec![], vec![0], b"123456789".to_vec(), vec![0xff; 64], sluice_tests::bytes(7, 10_000)];
    let output = Command::new(python)
        .args(["-E", "-W", "ignore", "-c", PROGRAM])
        .args(inputs.iter().map(hex::encode))
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<u64> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().expect("a number")).collect();
    let ours: Vec<u64> = inputs.iter().map(|input| crc64(input)).collect();
    assert_eq!(theirs, ours);
    let [first, second] = [&inputs[4][..4_321], &inputs[4][4_321..]];
    assert_eq!(theirs[4], crc64_of_both(crc64(first), crc64(second), second.len() as u64));
}
