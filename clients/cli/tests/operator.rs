//! Tests that the operator's commands are passed on to `sluice-admin`.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a copy of the command in `folder`, with `folder/path` first in `PATH`.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let own = folder.join("sluice");
    if !own.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_sluice"), &own).expect("copied");
    }
    let path = format!("{}:/usr/bin:/bin", folder.join("path").display());
    Command::new(own).args(arguments).env("PATH", path).output().expect("run")
}

/// Installs a program that prints its arguments.
fn install(path: &Path, name: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    std::fs::write(path, format!("#!/bin/sh\necho {name} \"$@\"\nexit 7\n")).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
}

#[test]
fn the_program_is_found_beside_sluice_or_in_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let missing = run(folder, &["admin", "receipts"]);
    assert_eq!(missing.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(stderr.contains("`sluice admin` needs the program sluice-admin"), "{stderr}");

    install(&folder.join("path/sluice-admin"), "in-path");
    let found = run(folder, &["admin", "--help"]);
    assert_eq!(found.status.code(), Some(7), "its exit code is ours");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "in-path --help\n");
    let doctor = run(folder, &["--json", "doctor", "--store", "oss", "--bucket-role", "cold"]);
    assert_eq!(
        String::from_utf8_lossy(&doctor.stdout),
        "in-path --json doctor --store oss --bucket-role cold\n"
    );

    install(&folder.join("sluice-admin"), "beside");
    let migrate = run(folder, &["admin", "migrate", "--to", "oss", "--account", "ada", "--json"]);
    assert_eq!(String::from_utf8_lossy(&migrate.stdout), "beside migrate --to oss --account ada --json\n");
}
