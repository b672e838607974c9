//! The rules, by a function in Python and a Runtime API of the test.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{sleep, timeout};

/// How long anything may take before a test fails.
const DEADLINE: Duration = Duration::from_mins(1);

/// The function and the emulator that it runs on.
struct Function {
    program: Child,
    seen: Lines<BufReader<ChildStdout>>,
    events: mpsc::UnboundedSender<Value>,
    /// The path and the body of each answer or error.
    answers: mpsc::UnboundedReceiver<(String, Value)>,
    /// Counts, and what the program and the function complain of. What outlives a test must not hold its own
    /// standard error, for whose end others may wait.
    folder: TempDir,
}

struct RuntimeApi {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<(String, Value)>,
}

async fn serve(State(api): State<Arc<RuntimeApi>>, request: Request) -> Response {
    if request.method() == Method::GET {
        let event = api.events.lock().await.recv().await.unwrap_or_default();
        return ([("Lambda-Runtime-Aws-Request-Id", "id")], event.to_string()).into_response();
    }
    let path = request.uri().path().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
    let answer = serde_json::from_slice(&body).expect("JSON");
    // The test may have seen enough.
    let _ = api.answers.send((path, answer));
    StatusCode::ACCEPTED.into_response()
}

impl Function {
    async fn start(deaths: u32) -> Self {
        let (events, events_of_api) = mpsc::unbounded_channel();
        let (answers_of_api, answers) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let api = RuntimeApi { events: Mutex::new(events_of_api), answers: answers_of_api };
        let router = Router::new().fallback(serve).with_state(Arc::new(api));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().expect("a folder");
        let errors = File::create(folder.path().join("errors")).expect("a file");
        let mut program = program();
        program.args(["--seed", "1", "--deaths", &deaths.to_string(), "--counts"]).stderr(errors);
        program.arg(folder.path().join("counts")).args(["--runtime-api", &address]).arg(stand_in());
        let mut program = program.stdout(Stdio::piped()).spawn().expect("started");
        let seen = BufReader::new(program.stdout.take().expect("piped")).lines();
        Self { program, seen, events, answers, folder }
    }

    fn send(&self, event: Value) {
        self.events.send(event).expect("the API waits");
    }

    /// The next event that the function saw.
    async fn saw(&mut self) -> Option<Value> {
        let line = soon("the function sees an event", self.seen.next_line()).await.expect("a pipe")?;
        Some(serde_json::from_str(&line).expect("JSON"))
    }

    /// The path and the body of the next answer or error.
    async fn answer(&mut self) -> (String, Value) {
        soon("the function answers", self.answers.recv()).await.expect("the API listens")
    }

    /// The file that tells the state of the function's process.
    async fn stat(&mut self) -> String {
        self.send(json!({}));
        let (_, answer) = self.answer().await;
        format!("/proc/{}/stat", answer["process"])
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.folder.path().join("errors")).unwrap_or_default());
        }
    }
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("waited {DEADLINE:?} until {what}"))
}

/// Waits until the state of a process, of which a gone one has none, is as wanted.
async fn wait_for_state(stat: &str, what: &str, is_wanted: impl Fn(Option<&str>) -> bool) {
    soon(what, async {
        loop {
            let text = fs::read_to_string(stat).unwrap_or_default();
            // The state follows the name, which is in parentheses.
            if is_wanted(text.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').next())) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strict-runtime"));
    command.arg("run");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn stand_in() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand_in.py")
}

fn from_queue() -> Value {
    json!({ "Records": [{ "eventSource": "aws:sqs" }] })
}

#[tokio::test]
async fn an_answer_of_more_than_6_mb_is_an_error() {
    let mut function = Function::start(0).await;
    function.send(json!({ "letters": 7 << 20 }));
    let (path, error) = function.answer().await;
    assert!(path.ends_with("/invocation/id/error"), "{path}");
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    function.send(json!({ "letters": 6_000_000 }));
    let (path, _) = function.answer().await;
    assert!(path.ends_with("/invocation/id/response"), "{path}");
}

#[tokio::test]
async fn a_function_without_an_event_is_stopped() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let mut function = Function::start(0).await;
    for _ in 0..2 {
        let stat = function.stat().await;
        wait_for_state(&stat, "the function is stopped", |state| state == Some("T")).await;
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_stopped_function_ends_with_a_program_that_is_killed() {
    let mut function = Function::start(0).await;
    let stat = function.stat().await;
    wait_for_state(&stat, "the function is stopped", |state| state == Some("T")).await;
    function.program.kill().await.expect("killed");
    // Whoever adopts it may not ask for its status.
    wait_for_state(&stat, "the function has ended", |state| matches!(state, None | Some("Z"))).await;
}

#[tokio::test]
async fn some_events_of_queues_are_delivered_twice_and_answered_once() {
    let mut function = Function::start(0).await;
    soon("an event is repeated", async {
        let (mut sent, mut seen) = (0, 0);
        while seen <= sent {
            function.send(from_queue());
            sent += 1;
            function.answer().await;
            function.send(json!({ "between": true }));
            while function.saw().await.expect("an event") == from_queue() {
                seen += 1;
            }
            let answer = function.answer().await;
            assert!(answer.0.ends_with("/response"));
        }
    })
    .await;
    assert!(function.answers.try_recv().is_err(), "a repeated event has no answer");
}

#[tokio::test]
async fn the_process_of_a_worker_is_killed_as_often_as_is_wanted() {
    let mut function = Function::start(1).await;
    let status = soon("the process is killed", async {
        loop {
            function.send(from_queue());
            tokio::select! {
                status = function.program.wait() => break status.expect("a status"),
                answer = function.answers.recv() => assert!(answer.is_some()),
            }
        }
    })
    .await;
    assert_eq!(status.code(), Some(137));
}

#[tokio::test]
async fn a_function_with_settings_of_more_than_4_kb_does_not_start() {
    let mut program = program();
    program.args(["--seed", "1", "--deaths", "0", "--counts", "counts", "--runtime-api", "127.0.0.1:1"]);
    program.env("SLUICE_STORES", "x".repeat(4090)).arg(stand_in());
    let output = soon("the program ends", program.output()).await.expect("run");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("VariablesTooLarge"), "{error}");
}
