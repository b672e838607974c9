//! Tests the launcher and the template on the real emulator, with a script that stands in for the functions.

use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveStatus};
use aws_sdk_s3::primitives::ByteStream;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode, redirect};
use sluice_localstack::{Build, EmulatorKind, Settings, Stack};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

type Outcome = Result<(), Box<dyn Error>>;

/// Copies the stand-in to a file for each function.
fn stand_ins(folder: &Path) -> std::io::Result<PathBuf> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stand_in = crate_dir.join("tests/stand_in.py");
    let functions = folder.join("functions");
    fs::create_dir(&functions)?;
    for trigger in ["webhook", "http", "queue", "schedule"] {
        for function in fs::read_dir(crate_dir.join("../../functions").join(trigger))? {
            let executable = functions.join(function?.file_name());
            fs::copy(&stand_in, &executable)?;
            fs::set_permissions(&executable, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(functions)
}

/// The emulator that the stories use too. What may stand in front of it is theirs alone.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
fn emulator() -> EmulatorKind {
    let name = std::env::var("SLUICE_TEST_STACK").ok().filter(|name| name != "strict");
    name.map_or_else(EmulatorKind::default, |name| name.parse().expect("ministack or localstack"))
}

fn settings(folder: &TempDir) -> std::io::Result<Settings> {
    let mut settings = Settings::new(folder.path().join("state")).parameter("LandingVisibilitySeconds", "5");
    settings.emulator = emulator();
    settings.build = Build::Ready(stand_ins(folder.path())?);
    Ok(settings)
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build()
}

async fn put_landing_object(stack: &Stack, key: &str) -> Outcome {
    let bucket = stack.output("LandingBucketName").unwrap_or_default();
    let body = ByteStream::from_static(b"bytes");
    aws_sdk_s3::Client::new(stack.sdk_config())
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(body)
        .send()
        .await?;
    Ok(())
}

/// Receives a message of the queue whose URL is the output `name`, if there is one.
async fn receive(stack: &Stack, name: &str) -> Result<Option<String>, Box<dyn Error>> {
    let url = stack.output(name).unwrap_or_default();
    let request = aws_sdk_sqs::Client::new(stack.sdk_config()).receive_message().queue_url(url);
    let message = request.send().await?.messages.unwrap_or_default().pop();
    Ok(message.and_then(|message| message.body))
}

async fn wait_until<F>(what: &str, mut holds: F) -> Outcome
where
    F: AsyncFnMut() -> Result<bool, Box<dyn Error>>,
{
    for _ in 0..1200 {
        if holds().await? {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(format!("never: {what}").into())
}

#[tokio::test]
async fn api_answers_at_a_plain_address() -> Outcome {
    let folder = TempDir::new()?;
    let stack = Stack::start(settings(&folder)?).await?;
    let client = client()?;
    let api = stack.api_url().to_owned();

    let redirected = client.head(format!("{api}/files/1/content")).send().await?;
    assert_eq!(redirected.status(), StatusCode::FOUND);
    assert_eq!(redirected.headers()["location"], "http://127.0.0.1/elsewhere");

    let body = "x".repeat(2 << 20);
    let echo = client.post(format!("{api}/lookups")).header("content-type", "application/json");
    let echoed = echo.body(body.clone()).send().await?.text().await?;
    assert!(echoed == body, "a body of 2 MiB comes back as it went, not {} bytes", echoed.len());
    assert_eq!(client.put(format!("{api}/lookups")).send().await?.status(), StatusCode::NOT_FOUND);

    // A browser decides by the header: for an origin that is not allowed, AWS answers 204 and ministack 403.
    for (origin, allowed) in [(api.as_str(), Some(api.as_str())), ("http://elsewhere", None)] {
        let preflight = client.request(Method::OPTIONS, format!("{api}/uploads")).header("origin", origin);
        let answer = preflight.header("access-control-request-method", "POST").send().await?;
        let header =
            answer.headers().get("access-control-allow-origin").map(HeaderValue::to_str).transpose()?;
        assert_eq!(header, allowed, "{origin}");
    }

    let address = api.trim_start_matches("http://").to_owned();
    stack.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
    Ok(())
}

/// How the emulator answers this request, which lists or creates functions.
async fn asked(
    stack: &Stack,
    method: Method,
    key: &str,
    header: (&str, &str),
) -> reqwest::Result<StatusCode> {
    let scope = "20260101/us-east-1/lambda/aws4_request";
    let signed = format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host, Signature=0");
    let request = client()?.request(method, format!("{}/2015-03-31/functions", stack.aws_endpoint()));
    let answer = request.header("authorization", signed).header(header.0, header.1).body("{}").send().await?;
    Ok(answer.status())
}

#[tokio::test]
async fn only_holders_of_this_runs_keys_may_use_the_emulator_and_no_page_may() -> Outcome {
    let folder = TempDir::new()?;
    let stack = Stack::start(settings(&folder)?).await?;
    let key = stack.keys().access_key.as_str();

    for guessed in ["test", "", "000000000000", "AKIAGUESSED"] {
        let answer = asked(&stack, Method::POST, guessed, ("accept", "*/*")).await?;
        assert_eq!(answer, StatusCode::FORBIDDEN, "{guessed:?}");
    }
    let foreign = [
        ("origin", "http://elsewhere"),
        ("origin", "null"),
        ("host", "elsewhere:4566"),
        ("sec-fetch-site", "cross-site"),
    ];
    for header in foreign {
        assert_eq!(asked(&stack, Method::GET, key, header).await?, StatusCode::FORBIDDEN, "{header:?}");
    }
    for path in ["", "/_ministack/reset", "/_localstack/init"] {
        let answer = client()?.post(format!("{}{path}", stack.aws_endpoint())).send().await?;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path:?}, not signed");
    }
    let known = asked(&stack, Method::GET, key, ("accept", "*/*")).await?;
    assert_eq!(known, StatusCode::OK);
    stack.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn landing_events_invoke_the_worker() -> Outcome {
    let folder = TempDir::new()?;
    let mut stack = Stack::start(settings(&folder)?).await?;
    let log = stack.functions_log();
    let logged = |text: &'static str| fs::read_to_string(&log).is_ok_and(|log| log.contains(text));

    put_landing_object(&stack, "elsewhere/ignored").await?;
    put_landing_object(&stack, "uploads/a b+c").await?;
    wait_until("the worker receives the object", async || Ok(logged("uploads/a+b%2Bc"))).await?;
    assert!(!logged("elsewhere/ignored"), "the bucket notifies of uploads/ only");

    put_landing_object(&stack, "uploads/poison").await?;
    let dead = async || {
        let message = receive(&stack, "LandingDeadLetterQueueUrl").await?;
        Ok(message.is_some_and(|body| body.contains("uploads/poison")))
    };
    wait_until("the poison message is in the dead-letter queue", dead).await?;

    stack.update(&[("WorkersEnabled", "false")]).await?;
    put_landing_object(&stack, "uploads/paused").await?;
    sleep(Duration::from_secs(1)).await;
    assert!(!logged("uploads/paused"), "a paused worker receives nothing");
    stack.update(&[("WorkersEnabled", "true")]).await?;
    wait_until("the worker resumes", async || Ok(logged("uploads/paused"))).await?;
    stack.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_stack_deploys_to_a_running_emulator_and_reports_when_that_ends() -> Outcome {
    let folder = TempDir::new()?;
    let other_folder = TempDir::new()?;
    let stack = Stack::start(settings(&folder)?).await?;

    let mut attached = settings(&other_folder)?;
    attached.attach = true;
    attached.keys = stack.keys().clone();
    attached.api_host = Ipv4Addr::UNSPECIFIED;
    attached.aws_port = stack.aws_endpoint().rsplit(':').next().map(str::parse).transpose()?;
    let mut attached = Stack::start(attached).await?;
    assert!(attached.api_url().starts_with("http://127.0.0.1:"), "{}", attached.api_url());
    assert_eq!(attached.aws_endpoint(), stack.aws_endpoint());

    let lookup = client()?.post(format!("{}/lookups", attached.api_url()));
    let lookup = lookup.header("content-type", "application/json").body("asked");
    assert_eq!(lookup.send().await?.text().await?, "asked");

    stack.shutdown().await;
    let failure = timeout(Duration::from_mins(5), attached.stopped()).await?;
    assert!(failure.to_string().contains("did not answer"), "{failure}");
    attached.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn tables_outlive_a_restart_if_the_state_is_kept() -> Outcome {
    if !emulator().keeps_state() {
        return Ok(());
    }
    let folder = TempDir::new()?;
    let mut settings = settings(&folder)?;
    settings.keep_state = true;
    let value = AttributeValue::S("kept".to_owned());

    let stack = Stack::start(settings.clone()).await?;
    let table = stack.output("PacksTableName").unwrap_or_default().to_owned();
    let tables = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    tables.put_item().table_name(&table).item("pack_id", value.clone()).send().await?;
    stack.shutdown().await;

    let stack = Stack::start(settings).await?;
    let tables = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    let kept = tables.get_item().table_name(&table).key("pack_id", value).send().await?;
    assert!(kept.item.is_some());

    let sessions = stack.output("SessionsTableName").unwrap_or_default();
    let life = tables.describe_time_to_live().table_name(sessions).send().await?.time_to_live_description;
    assert_eq!(life.and_then(|life| life.time_to_live_status), Some(TimeToLiveStatus::Enabled));
    stack.shutdown().await;
    Ok(())
}
