//! Puts the program in the place of functions.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::fate::Rules;

/// Makes a folder with an executable for each function, which runs it by strict rules. `program` is that of
/// this crate. The folder can be deployed in place of the functions, on an emulator on this machine.
pub fn wrap(
    functions: &BTreeMap<String, PathBuf>,
    program: &Path,
    folder: &Path,
    rules: Rules,
) -> io::Result<PathBuf> {
    let wrapped = folder.join("functions");
    fs::create_dir_all(&wrapped)?;
    for (name, executable) in functions {
        let counts = folder.join(format!("{name}.counts"));
        let Rules { seed, deaths } = rules;
        let script = format!(
            "#!/bin/sh\nexec '{}' run --seed {seed} --deaths {deaths} --counts '{}' '{}'\n",
            program.display(),
            counts.display(),
            executable.display()
        );
        let path = wrapped.join(name);
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(wrapped)
}
