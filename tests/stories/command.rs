//! Tests the `sluice` command with the deployed pipeline.

use serde_json::Value;
use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::UploadList;
use sluice_tests::{Client, bytes, live, text, wait_for};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const MIB: usize = 1 << 20;

/// The path of the command, which the stack builds together with the functions.
pub fn executable() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    test.ancestors().nth(2).expect("a folder").join("sluice")
}

/// The command, logged in, with a home and a working folder of its own.
struct Sluice {
    folder: tempfile::TempDir,
    user: Client,
}

impl Sluice {
    async fn new() -> Self {
        let user = Client::register(live()).await;
        let sluice = Self { folder: tempfile::tempdir().expect("a folder"), user };
        let credentials = sluice.user.credentials();
        let mut login = sluice.command(&["login", &sluice.user.username, "--password-stdin"]);
        let mut child = login.stdin(Stdio::piped()).spawn().expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(credentials.password.as_bytes()).await.expect("written");
        drop(stdin);
        assert!(child.wait().await.expect("ended").success());
        sluice
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(executable());
        command.args(["--api", &live().api, "--json", "--home"]).arg(self.path("home")).args(arguments);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs the command and parses its output lines.
    async fn run(&self, arguments: &[&str]) -> Vec<Value> {
        let Output { status, stdout, stderr } = self.command(arguments).output().await.expect("run");
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
    }

    /// Waits until readers get the version that was put, and returns the file.
    async fn published(&self, path: &str, put: &Value) -> VersionView {
        let version_id = text(&put["version_id"]).parse().expect("an id");
        wait_for(&format!("version {version_id:?} of {path}"), async || match self.user.stat(path).await {
            Some(file) if file.version_id == version_id => Ok(file),
            other => Err(other),
        })
        .await
    }
}

#[tokio::test]
async fn a_put_killed_halfway_sends_only_what_is_missing() {
    let sluice = Sluice::new().await;
    let content = bytes(1, 100 * MIB);
    fs::write(sluice.path("film"), &content).expect("written");
    let arguments = ["put", "film", "--to", "films/one", "--part-size", "5m", "--jobs", "2"];
    let mut first =
        sluice.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let upload_id = wait_for("two parts", async || {
        assert!(first.try_wait().expect("a status").is_none(), "the command ended before it was killed");
        let uploads = sluice.user.get("/uploads").await.parse::<UploadList>(200).uploads;
        let upload = uploads.first().ok_or(0_usize)?;
        let received = sluice.user.show_upload(upload.upload_id).await.received.len();
        if received >= 2 { Ok(upload.upload_id) } else { Err(received) }
    })
    .await;
    first.kill().await.expect("killed");
    let received = sluice.user.show_upload(upload_id).await.received.len();
    let second = sluice.run(&arguments).await.remove(0);
    assert_eq!((&second["outcome"], &second["state"]), (&"uploaded".into(), &"available".into()), "{second}");
    let sent = second["bytes_sent"].as_u64().expect("a number") as usize;
    // Each worker may have been sending a part when the first command was killed.
    assert!(sent <= content.len() - received * 5 * MIB, "{sent} bytes sent again of {}", content.len());
    let file_id = sluice.user.file("films/one").await.file_id;
    assert!(sluice.user.read(file_id).await == content, "other bytes came back");

    let again = sluice.run(&["put", "film", "--to", "films/two"]).await.remove(0);
    assert_eq!((&again["outcome"], &again["bytes_sent"]), (&"instant".into(), &0.into()), "{again}");
}

#[tokio::test]
async fn an_edited_file_transfers_only_its_new_bytes_both_ways() {
    let sluice = Sluice::new().await;
    let base = bytes(2, 40 * MIB);
    fs::write(sluice.path("disk"), &base).expect("written");
    let first = sluice.run(&["put", "disk"]).await.remove(0);
    assert_eq!(
        (&first["outcome"], &first["bytes_sent"]),
        (&"uploaded".into(), &base.len().into()),
        "{first}"
    );

    // Another file of the same name, so that only the chunks are known.
    let mut edited = base.clone();
    edited.insert(0, b'!');
    edited.splice(20 * MIB..20 * MIB + 100, []);
    fs::write(sluice.path("disk"), &edited).expect("written");
    // How often the command would poll for the file depends on how busy the machine is.
    let delta = sluice.run(&["put", "disk", "--no-wait"]).await.remove(0);
    assert_eq!(delta["outcome"], "delta", "{delta}");
    let number = |line: &Value, name: &str| line[name].as_u64().expect("a number");
    assert!(number(&delta, "bytes_sent") < 200_000, "{delta}");
    assert!(number(&delta, "api_bytes") < 20_000, "{delta}");
    let version = sluice.published("disk", &delta).await;
    assert_eq!(version.new_bytes, number(&delta, "bytes_sent"));
    assert!(sluice.user.read_by_plan(version.file_id).await == edited, "other bytes came back");

    // Without the cache it asks the server; without an earlier version it looks up the chunk index.
    edited.insert(0, b'?');
    fs::write(sluice.path("disk"), &edited).expect("written");
    for remote in ["disk", "elsewhere"] {
        let asked = sluice.run(&["put", "disk", "--to", remote, "--no-cache"]).await.remove(0);
        assert!(number(&asked, "bytes_sent") < 200_000, "{asked}");
    }

    fs::write(sluice.path("old"), &base).expect("written");
    let got = sluice.run(&["get", "disk", "--to", "new", "--base", "old"]).await.remove(0);
    assert!(number(&got, "bytes_received") < 400_000, "{got}");
    assert_eq!(number(&got, "bytes_received") + number(&got, "bytes_reused"), edited.len() as u64, "{got}");
    assert!(fs::read(sluice.path("new")).expect("a file") == edited);
}

#[tokio::test]
async fn a_tree_of_a_thousand_small_files_comes_back_unchanged() {
    let sluice = Sluice::new().await;
    for index in 0..1000 {
        let folder = sluice.path(&format!("tree/{}/ü {}", index % 7, index % 11));
        fs::create_dir_all(&folder).expect("made");
        fs::write(folder.join(format!("{index} 50% +.txt")), bytes(index, index as usize * 13))
            .expect("written");
    }
    let put = sluice.run(&["put", "tree", "--to", "copy/"]).await;
    assert_eq!(put.len(), 1000);
    assert!(
        put.iter().all(|line| line["state"] == "available"),
        "{:?}",
        put.iter().find(|line| line["state"] != "available")
    );
    let got = sluice.run(&["get", "copy/", "--to", "back"]).await;
    assert_eq!(got.len(), 1000);
    assert_eq!(files_below(&sluice.path("tree")), files_below(&sluice.path("back")));
    let (used, reserved) = sluice.user.usage().await;
    assert_eq!((used, reserved), ((0..1000).map(|index| index * 13).sum(), 0));
}

#[tokio::test]
async fn equal_files_of_one_put_are_sent_once() {
    let sluice = Sluice::new().await;
    let content = bytes(3, 3 * MIB);
    fs::create_dir(sluice.path("equal")).expect("made");
    for index in 0..6 {
        fs::write(sluice.path(&format!("equal/{index}")), &content).expect("written");
    }
    let put = sluice.run(&["put", "equal"]).await;
    let sent: u64 = put.iter().map(|line| line["bytes_sent"].as_u64().expect("a number")).sum();
    assert_eq!((put.len(), sent), (6, content.len() as u64), "{put:?}");
    assert_eq!(sluice.user.usage().await, (content.len() as u64, 0));
}

#[tokio::test]
async fn an_interrupted_stream_leaves_no_space_reserved() {
    let sluice = Sluice::new().await;
    fs::write(sluice.path("film"), bytes(4, 100 * MIB)).expect("written");
    let stream = fs::File::open(sluice.path("film")).expect("there");
    let mut put = sluice.command(&["put", "-", "--to", "film", "--part-size", "5m", "--jobs", "1"]);
    let mut put = put.stdin(stream).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    wait_for("a part", async || {
        let uploads = sluice.user.get("/uploads").await.parse::<UploadList>(200).uploads;
        let upload = uploads.first().ok_or(0_usize)?;
        let received = sluice.user.show_upload(upload.upload_id).await.received.len();
        if received > 0 { Ok(()) } else { Err(received) }
    })
    .await;
    let id = put.id().expect("running").to_string();
    let signalled = Command::new("kill").args(["-s", "INT", &id]).status().await.expect("run");
    assert!(signalled.success());
    assert_eq!(put.wait().await.expect("ended").code(), Some(130));
    assert_eq!(sluice.user.usage().await, (0, 0));
}

/// All files below a folder with their bytes, sorted.
fn files_below(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below").to_owned();
                files.push((name, fs::read(&path).expect("readable")));
            }
        }
    }
    files.sort();
    files
}
