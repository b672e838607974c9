//! Makes the functions' zip files for Lambda.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Error;

/// Zip files kept for each function: enough to switch between builds without zipping again, and few enough
/// not to fill the disk.
const KEPT_ZIPS: usize = 3;

/// A function's deployment package.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The function's name, such as `init-upload`.
    pub function: String,
    /// SHA-256 of the executable, in hex.
    pub executable_sha256: String,
    pub zip_path: PathBuf,
}

/// Returns the key prefix of all artifacts. It changes with the code of any function, so that
/// `CloudFormation` sees an update.
pub fn key_prefix(artifacts: &[Artifact]) -> String {
    let mut hasher = Sha256::new();
    for artifact in artifacts {
        hasher.update(format!("{} {}\n", artifact.function, artifact.executable_sha256));
    }
    format!("functions/{}/", &hex::encode(hasher.finalize())[..16])
}

/// Zips each function's executable as `bootstrap`, unless `cache_dir` already has the zip file. Blocks.
pub fn package_all(
    executables: &BTreeMap<String, PathBuf>,
    cache_dir: &Path,
) -> Result<Vec<Artifact>, Error> {
    let locking = || Error::io(format!("locking {}", cache_dir.display()));
    fs::create_dir_all(cache_dir).map_err(locking())?;
    let lock = File::create(cache_dir.join("lock")).map_err(locking())?;
    lock.lock().map_err(locking())?;
    executables.iter().map(|(name, path)| package(name, path, cache_dir)).collect()
}

fn package(function: &str, executable: &Path, cache_dir: &Path) -> Result<Artifact, Error> {
    let zipping = || Error::io(format!("zipping {}", executable.display()));
    let executable_sha256 = sha256_of(executable).map_err(zipping())?;
    let function_dir = cache_dir.join(function);
    let zip_path = function_dir.join(format!("{}.zip", &executable_sha256[..32]));
    if !zip_path.exists() {
        fs::create_dir_all(&function_dir).map_err(zipping())?;
        let unfinished = function_dir.join("unfinished");
        write_zip(executable, &unfinished).map_err(zipping())?;
        fs::rename(&unfinished, &zip_path).map_err(zipping())?;
        remove_old_zips(&function_dir).map_err(zipping())?;
    }
    Ok(Artifact { function: function.to_owned(), executable_sha256, zip_path })
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}

fn write_zip(executable: &Path, zip_path: &Path) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(zip_path)?);
    let options = SimpleFileOptions::default().unix_permissions(0o755).compression_level(Some(1));
    zip.start_file("bootstrap", options)?;
    io::copy(&mut File::open(executable)?, &mut zip)?;
    zip.finish()?;
    Ok(())
}

fn remove_old_zips(function_dir: &Path) -> io::Result<()> {
    let mut zips = Vec::new();
    for entry in fs::read_dir(function_dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            zips.push((fs::metadata(&path)?.modified().unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    zips.sort();
    let surplus = zips.len().saturating_sub(KEPT_ZIPS);
    zips.drain(..surplus).try_for_each(|(_, path)| fs::remove_file(path))
}
