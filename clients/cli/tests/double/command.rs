//! Runs the real binary.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::{Child, Command};

use super::Double;

/// The command, logged in, with its own home folder.
pub struct Sluice {
    folder: tempfile::TempDir,
    url: String,
}

pub struct Run {
    pub exit_code: i32,
    pub lines: Vec<Value>,
    pub stderr: String,
}

impl Sluice {
    /// Logs in to `double`.
    pub async fn new(double: &Double) -> Self {
        let sluice = Self { folder: tempfile::tempdir().expect("a folder"), url: double.url() };
        std::fs::create_dir(sluice.folder()).expect("made");
        let output = sluice.output("login ada --password-stdin", b"correct horse battery\n").await;
        assert!(output.status.success());
        sluice
    }

    /// Runs the command as a user does, with this input.
    pub async fn output(&self, line: &str, input: &[u8]) -> Output {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        tokio::io::AsyncWriteExt::write_all(&mut stdin, input).await.expect("written");
        drop(stdin);
        child.wait_with_output().await.expect("ended")
    }

    /// The working folder of the command.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(&path, content).expect("written");
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder().join(name)).expect("readable")
    }

    /// How many files there are for unfinished uploads.
    pub fn remembered(&self) -> usize {
        std::fs::read_dir(self.home().join("uploads")).map_or(0, Iterator::count)
    }

    /// Runs the command and waits for its end.
    pub async fn run(&self, line: &str) -> Run {
        Run::of(&self.command(&format!("{line} --json")).output().await.expect("started"))
    }

    /// Runs the command with these bytes on standard input.
    pub async fn feed(&self, line: &str, input: &[u8]) -> Run {
        let mut child =
            self.command(&format!("{line} --json")).stdin(Stdio::piped()).spawn().expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        // The command may end before it has read everything.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, input).await;
        drop(stdin);
        Run::of(&child.wait_with_output().await.expect("ended"))
    }

    /// Runs the command as a user does, and returns all that it prints.
    pub async fn print(&self, line: &str) -> String {
        let output = self.command(line).output().await.expect("started");
        let of = |stream| String::from_utf8(stream).expect("UTF-8");
        format!("{}{}{}\n", of(output.stdout), of(output.stderr), output.status)
    }

    /// Starts the command. It is killed when the child is dropped.
    pub fn spawn(&self, line: &str) -> Child {
        self.command(&format!("{line} --json")).kill_on_drop(true).spawn().expect("started")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_sluice")));
        command.args(line.split(' ')).current_dir(self.folder()).stdin(Stdio::null());
        command.env("SLUICE_HOME", self.home()).env("SLUICE_API_URL", &self.url).env("NO_PROXY", "127.0.0.1");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |stream: &[u8]| String::from_utf8(stream.to_vec()).expect("UTF-8");
        Self {
            exit_code: output.status.code().expect("not killed"),
            lines: text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect(line)).collect(),
            stderr: text(&output.stderr),
        }
    }

    /// The only result line; panics if there are more or none.
    pub fn line(&self) -> &Value {
        assert_eq!(self.lines.len(), 1, "{:?} {}", self.lines, self.stderr);
        &self.lines[0]
    }
}
