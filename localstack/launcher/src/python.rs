//! Makes the Python virtual environments that emulators, stores and tools run in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use crate::Error;

const CANDIDATES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
const IS_RECENT: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Returns the Python of a virtual environment with exactly these `requirements`, and makes it if it is
/// missing. Blocks.
///
/// Environments are keyed by the requirements and the folders: a changed pin makes a new one and leaves the
/// old to processes that use it, and a checkout that is moved needs another, because scripts name their
/// Python.
pub fn ensure_environment(requirements: &Path, root: &Path, report: fn(&str)) -> Result<PathBuf, Error> {
    ensure(requirements, None, root, report)
}

/// Like [`ensure_environment`], with an editable installation of the package in the folder `package`. The
/// requirements must include its build backend. Blocks.
pub fn ensure_environment_with(
    requirements: &Path,
    package: &Path,
    root: &Path,
    report: fn(&str),
) -> Result<PathBuf, Error> {
    ensure(requirements, Some(package), root, report)
}

fn ensure(
    requirements: &Path,
    package: Option<&Path>,
    root: &Path,
    report: fn(&str),
) -> Result<PathBuf, Error> {
    let mut hasher = Sha256::new();
    let declaration = package.map(|package| package.join("pyproject.toml"));
    for path in [Some(requirements), declaration.as_deref()].into_iter().flatten() {
        hasher.update(fs::read(path).map_err(Error::io(format!("reading {}", path.display())))?);
    }
    fs::create_dir_all(root).map_err(Error::io(format!("creating {}", root.display())))?;
    for folder in [Some(root), package].into_iter().flatten() {
        let path = folder.canonicalize().map_err(Error::io(format!("finding {}", folder.display())))?;
        hasher.update(path.as_os_str().as_encoded_bytes());
    }
    let environment = root.join(&hex::encode(hasher.finalize())[..16]);
    let complete = environment.join("complete");
    let python = environment.join("bin/python");

    let lock_path = environment.with_extension("lock");
    let lock = File::create(&lock_path).map_err(Error::io(format!("creating {}", lock_path.display())))?;
    lock.lock().map_err(Error::io(format!("locking {}", lock_path.display())))?;

    // A complete environment is still unusable if the Python that made it has been removed.
    if complete.exists() && succeeds(&python, IS_RECENT) {
        return Ok(python);
    }
    report("installing Python packages");
    let base = find_python()?;
    if !succeeds(Path::new(base), "import venv, ensurepip") {
        return Err(Error::VenvMissing);
    }
    install(Path::new(base), &["-m", "venv", "--clear"], &environment)?;
    let options =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
    install(&python, &options, requirements)?;
    if let Some(package) = package {
        let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"];
        let options = [&options[..], &["--no-deps", "--no-build-isolation", "--editable"]].concat();
        install(&python, &options, package)?;
    }
    fs::write(&complete, "").map_err(Error::io(format!("writing {}", complete.display())))?;
    Ok(python)
}

/// Returns the first Python on the path that is recent enough.
pub fn find_python() -> Result<&'static str, Error> {
    CANDIDATES
        .into_iter()
        .find(|candidate| succeeds(Path::new(candidate), IS_RECENT))
        .ok_or_else(|| Error::PythonMissing { tried: CANDIDATES.join(", ") })
}

fn succeeds(python: &Path, program: &str) -> bool {
    Command::new(python)
        .args(["-E", "-c", program])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn install(python: &Path, options: &[&str], last: &Path) -> Result<(), Error> {
    let output = Command::new(python)
        .args(options)
        .arg(last)
        .output()
        .map_err(Error::io(format!("running {}", python.display())))?;
    if output.status.success() {
        return Ok(());
    }
    let messages = [output.stderr, output.stdout].concat();
    let reason =
        String::from_utf8_lossy(&messages).lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
    Err(Error::Install { reason: reason.unwrap_or_else(|| output.status.to_string()) })
}
