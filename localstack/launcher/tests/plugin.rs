//! Runs the LocalStack plug-in's own unit tests, which need no LocalStack.

use std::path::Path;
use std::process::Command;

use sluice_localstack::python;

#[test]
fn the_plugin_passes_its_tests() {
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../emulators/localstack/plugin");
    let mut tests = Command::new(python::find_python().expect("a Python"));
    tests.args(["-B", "-W", "error", "-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    let output = tests.current_dir(plugin).output().expect("unittest runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
