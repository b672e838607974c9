//! Runs the command and inspects what it deployed.

use aws_sdk_cloudformation::types::StackStatus;
use serde_json::{Value, json};
use sluice_localstack::python::ensure_environment;
use sluice_localstack::{Build, Settings, Stack};
use sluice_tests::Deployed;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// An emulator to deploy to.
pub struct Deployment {
    /// Another stack, which is started together with the emulator.
    neighbour: Stack,
    folder: TempDir,
    /// An AWS command line.
    aws: PathBuf,
}

impl Deployment {
    pub async fn new() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = TempDir::new().expect("a folder");
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deployment/requirements.txt");
        let python = ensure_environment(&requirements, &workspace.join("target/venv"), |_| {});
        let executables = Build::default().executables(&workspace).await.expect("functions");
        let functions = folder.path().join("functions");
        fs::create_dir(&functions).expect("a folder");
        for (name, executable) in executables {
            std::os::unix::fs::symlink(executable, functions.join(name)).expect("a link");
        }
        let mut settings = Settings::new(folder.path().join("state"));
        settings.build = Build::Ready(functions);
        let neighbour = Stack::start(settings).await.expect("an emulator");
        let aws = python.expect("an environment").with_file_name("aws");
        Self { neighbour, folder, aws }
    }

    /// Deploys the stage with some settings changed, without a confirmation.
    pub fn up(&self, change: &Value) -> Run {
        self.run(&["up", "--yes"], change, "").succeeds()
    }

    /// Runs the command and answers its questions.
    pub fn run(&self, arguments: &[&str], change: &Value, answers: &str) -> Run {
        let output = self.start(arguments, change, answers).wait_with_output().expect("it ends");
        let output_bytes = [output.stdout, output.stderr].concat();
        Run { success: output.status.success(), output: String::from_utf8_lossy(&output_bytes).into_owned() }
    }

    /// Runs the command and kills it when it prints these words.
    pub fn kill_at(&self, words: &str, arguments: &[&str], answers: &str) {
        let mut child = self.start(arguments, &json!({}), answers);
        let output = BufReader::new(child.stdout.take().expect("an output")).lines();
        let reached = output.map_while(Result::ok).any(|line| line.contains(words));
        child.kill().expect("killed");
        assert!(reached && !child.wait().expect("it ends").success(), "it ended before {words:?}");
    }

    fn start(&self, arguments: &[&str], change: &Value, answers: &str) -> Child {
        let stage = self.folder.path().join("stage.json");
        fs::write(&stage, self.stage(change).to_string()).expect("written");
        let mut command = self.in_environment(env!("CARGO_BIN_EXE_sluice-deploy"));
        command.arg(arguments[0]).arg(&stage).args(&arguments[1..]);
        if arguments[0] == "up" {
            command.arg("--functions").arg(self.folder.path().join("functions"));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let mut input = child.stdin.take().expect("an input");
        // It fails if the command ends without reading.
        let _ = input.write_all(answers.as_bytes());
        drop(input);
        child
    }

    fn stage(&self, change: &Value) -> Value {
        let origin = self.neighbour.api_url();
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let mut stage = json!({
            "stack": "staged", "account": "000000000000", "region": "us-east-1",
            "parameters": {
                "Architecture": architecture,
                "AllowedOrigins": [origin],
                "Registration": "open",
                "RequireTls": false,
                "ServePage": false,
                "WorkerConcurrency": 2,
            },
        });
        for (name, value) in
            change.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters")
        {
            stage[name] = value.clone();
        }
        for (name, value) in change["parameters"].as_object().into_iter().flatten() {
            stage["parameters"][name] = value.clone();
        }
        stage
    }

    /// Writes a minimal web page and returns its folder.
    pub fn page(&self) -> String {
        let page = self.folder.path().join("page");
        fs::create_dir_all(page.join("assets")).expect("a folder");
        fs::write(page.join("index.html"), "<!doctype html>").expect("written");
        fs::write(page.join("assets/index.js"), "").expect("written");
        page.to_str().expect("text").to_owned()
    }

    fn in_environment(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let keys = self.neighbour.keys();
        command
            .env("AWS_ACCESS_KEY_ID", &keys.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret_key)
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", self.neighbour.aws_endpoint())
            .env("AWS_CONFIG_FILE", "/dev/null");
        command
    }

    /// Calls a service that the workspace has no client of, and returns its answer.
    pub fn aws(&self, arguments: &[&str]) -> Value {
        let output = self.in_environment(&self.aws).args(arguments).args(["--output", "json"]).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(self.neighbour.sdk_config())
    }

    pub fn objects(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(self.neighbour.sdk_config())
    }

    pub async fn create_bucket(&self, name: &str) {
        self.objects().create_bucket().bucket(name).send().await.expect("a bucket");
    }

    pub async fn delete_bucket(&self, name: &str) {
        self.objects().delete_bucket().bucket(name).send().await.expect("deleted");
    }

    /// The status of the stack, if it exists.
    pub async fn status(&self) -> Option<StackStatus> {
        let stacks = self.cloudformation().describe_stacks().send().await.expect("stacks").stacks;
        let staged = |stack: &aws_sdk_cloudformation::types::Stack| stack.stack_name() == Some("staged");
        stacks.unwrap_or_default().into_iter().find(staged)?.stack_status
    }

    /// The physical id of a resource.
    pub async fn resource(&self, logical_id: &str) -> String {
        let describe = self.cloudformation().describe_stack_resource().stack_name("staged");
        let described = describe.logical_resource_id(logical_id).send().await.expect("a resource");
        described.stack_resource_detail.and_then(|resource| resource.physical_resource_id).expect("an id")
    }

    /// The threshold of the alarm of rejected uploads, which a parameter sets.
    pub fn rejections_allowed(&self) -> String {
        let alarms = self.aws(&["cloudwatch", "describe-alarms", "--alarm-name-prefix", "staged-Rejected"]);
        alarms["MetricAlarms"][0]["Threshold"].to_string()
    }

    /// The names of the stack's tables.
    pub async fn tables(&self) -> Vec<String> {
        let client = aws_sdk_dynamodb::Client::new(self.neighbour.sdk_config());
        let mut tables = client.list_tables().send().await.expect("tables").table_names.unwrap_or_default();
        tables.retain(|name| name.starts_with("staged-"));
        tables
    }

    /// The stack's buckets by their purpose.
    pub async fn buckets(&self) -> Vec<String> {
        let listed = self.objects().list_buckets().send().await.expect("buckets");
        let names = listed.buckets().iter().filter_map(|bucket| bucket.name());
        let uses = names.filter_map(|name| name.strip_prefix("staged-")?.split('-').next());
        let mut uses: Vec<String> = uses.map(str::to_owned).collect();
        uses.sort();
        uses
    }

    /// The stack as a client sees it.
    pub fn deployed(&self, run: &Run) -> Deployed {
        let mut deployed = Deployed::of(&self.neighbour);
        deployed.api = run.stack_output("ApiUrl");
        deployed
    }
}

pub struct Run {
    success: bool,
    output: String,
}

impl Run {
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert!(self.success, "{}", self.output);
        self
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.success, "{}", self.output);
        self
    }

    #[track_caller]
    pub fn prints(&self, words: &str) -> &Self {
        assert!(self.output.contains(words), "{words:?} is not in:\n{}", self.output);
        self
    }

    fn stack_output(&self, name: &str) -> String {
        let line = self.output.lines().find_map(|line| line.trim().strip_prefix(name)).expect(name);
        line.trim().to_owned()
    }
}
