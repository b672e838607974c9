//! Sends a first upload through the whole pipeline and prints each stage.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use sluice_localstack::Stack;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::narrator::{Failure, Narrator};
use crate::watch::Watcher;

const USERNAME: &str = "demo";
/// No secret: the account exists only on this machine.
const PASSWORD: &str = "shown to everybody";
const FILE_SIZE_BYTES: u64 = 32 << 20;
const TIME_LIMIT: Duration = Duration::from_mins(3);
const FIRST_PATH: &str = "demo/first-upload.bin";
const SECOND_PATH: &str = "demo/same-bytes-again.bin";

/// The output of `sluice put --json` for a file.
#[derive(Deserialize)]
struct Put {
    outcome: String,
    bytes_sent: u64,
}

/// A run of the `sluice` command with its own account and files.
pub struct Demo {
    sluice: PathBuf,
    api: String,
    home: PathBuf,
    folder: PathBuf,
}

impl Demo {
    /// Finds the `sluice` command beside this executable.
    pub fn new(stack: &Stack, state_dir: &Path) -> Result<Self, Failure> {
        let sluice = std::env::current_exe()?.with_file_name("sluice");
        if !sluice.exists() {
            return Err(format!("{} is not built; run `cargo build --bins`", sluice.display()).into());
        }
        let folder = state_dir.join("demo");
        fs::create_dir_all(&folder)?;
        Ok(Self { sluice, api: stack.api_url().to_owned(), home: state_dir.join("home"), folder })
    }

    /// Uploads a file, the same bytes again and an edited copy, then downloads the copy and compares it.
    pub async fn run(&self) -> Result<(), Failure> {
        println!("\nA first upload");
        timeout(TIME_LIMIT, self.steps()).await.map_err(|_| "it took too long")?
    }

    /// Prints commands to try next.
    pub fn print_commands(&self) {
        let here = std::env::current_dir().unwrap_or_default();
        let sluice = self.sluice.strip_prefix(here).unwrap_or(&self.sluice).display();
        println!("\nTry it:");
        println!("  export SLUICE_API_URL={} SLUICE_HOME={}", self.api, self.home.display());
        println!("  {sluice} put README.md");
        println!("  {sluice} ls");
        println!("  {sluice} get {FIRST_PATH}");
    }

    async fn steps(&self) -> Result<(), Failure> {
        let file = self.make_file()?;
        let narrator = Narrator::start();
        if self.sluice(["register", USERNAME, "--password-stdin"], PASSWORD).await.is_ok() {
            narrator.print("accounts", "user demo registered");
        }
        self.sluice(["login", USERNAME, "--password-stdin"], PASSWORD).await?;
        let watcher = Watcher::log_in(&self.api, USERNAME, PASSWORD).await?;
        narrator.print("sluice put", &format!("{} MiB, hashed locally first", FILE_SIZE_BYTES >> 20));
        tokio::try_join!(self.put(&file, FIRST_PATH), watcher.follow(FIRST_PATH, &narrator))?;

        let again = self.put(&file, SECOND_PATH).await?;
        let sent =
            format!("the same bytes at another path: {}, {} bytes sent", again.outcome, again.bytes_sent);
        narrator.print("sluice put", &sent);

        let edited = self.edit(&file)?;
        let edit = self.put(&edited, FIRST_PATH).await?;
        let sent = format!("one byte inserted in front: {}, {} bytes sent", edit.outcome, edit.bytes_sent);
        narrator.print("sluice put", &sent);

        let download = self.folder.join("download.bin");
        let _ = fs::remove_file(&download);
        let get = [OsStr::new("get"), OsStr::new(FIRST_PATH), OsStr::new("--to"), download.as_os_str()];
        self.sluice(get, "").await?;
        if fs::read(&download)? != fs::read(&edited)? {
            return Err("the download differs from what was uploaded".into());
        }
        narrator.print("sluice get", "downloaded, and identical byte for byte");
        Ok(())
    }

    /// Makes a file of 32 MiB from this program and a random line. Without that line, a second run would have
    /// nothing to send.
    fn make_file(&self) -> Result<PathBuf, Failure> {
        let mut unique = [0; 16];
        getrandom::fill(&mut unique).map_err(|error| error.to_string())?;
        let path = self.folder.join("first-upload.bin");
        let mut file = File::create(&path)?;
        let program = File::open(std::env::current_exe()?)?;
        let copied = io::copy(&mut program.take(FILE_SIZE_BYTES - 33), &mut file)?;
        io::copy(&mut io::repeat(b'\n').take(FILE_SIZE_BYTES - 33 - copied), &mut file)?;
        writeln!(file, "{}", hex::encode(unique))?;
        Ok(path)
    }

    /// Makes a copy with one byte inserted in front, so that every byte has another offset.
    fn edit(&self, file: &Path) -> Result<PathBuf, Failure> {
        let path = self.folder.join("edited.bin");
        let mut edited = File::create(&path)?;
        edited.write_all(b"!")?;
        io::copy(&mut File::open(file)?, &mut edited)?;
        Ok(path)
    }

    async fn put(&self, file: &Path, remote: &str) -> Result<Put, Failure> {
        let put = [OsStr::new("put"), file.as_os_str(), OsStr::new("--to"), OsStr::new(remote)];
        Ok(serde_json::from_slice(&self.sluice(put, "").await?)?)
    }

    /// Runs the command and returns its standard output.
    async fn sluice<I>(&self, arguments: I, input: &str) -> Result<Vec<u8>, Failure>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = Command::new(&self.sluice);
        command.args(arguments).arg("--json").env("SLUICE_API_URL", &self.api).env("SLUICE_HOME", &self.home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // It fails if the command ends without reading. The exit status then says why.
            let _ = pipe.write_all(input.as_bytes()).await;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let messages = [output.stdout, output.stderr].concat();
        Err(String::from_utf8_lossy(&messages).trim().replace('\n', "; ").into())
    }
}
