//! Tests each real store: it does what the pipeline needs, listens on loopback only, and leaves no process
//! behind.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use sluice_localstack::Keys;
use sluice_localstack::stores::{LocalStore, StoreKind, StoreSettings, WebhookSettings};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::sleep;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const BUCKET: &str = "landing";
const PART_BYTES: usize = 5 << 20;

/// A webhook that records the query, the `Authorization` header and the body of every call.
#[derive(Clone, Default)]
struct RecordingWebhook(Arc<Mutex<Vec<[String; 3]>>>);

impl RecordingWebhook {
    async fn start() -> Outcome<(Self, WebhookSettings)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let events = Self::default();
        let url = format!("http://{}/events?token=sesame", listener.local_addr()?);
        let router = Router::new().fallback(Self::record).with_state(events.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        Ok((events, WebhookSettings { url, token: "sesame".to_owned() }))
    }

    async fn record(State(events): State<Self>, request: Request) {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let authorization = authorization.unwrap_or_default().to_owned();
        let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        if !body.is_empty() {
            events.0.lock().expect("no panic while held").push([query, authorization, body]);
        }
    }

    /// Waits for the first event whose body contains `text`, at most two minutes: Ceph looks for new
    /// topics every 30 seconds.
    async fn first_with(&self, text: &str) -> Outcome<[String; 3]> {
        for _ in 0..1200 {
            let found = self
                .0
                .lock()
                .expect("no panic while held")
                .iter()
                .find(|event| event[2].contains(text))
                .cloned();
            if let Some(event) = found {
                return Ok(event);
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err(format!("no event with {text}; received: {:?}", self.0.lock().expect("no panic while held"))
            .into())
    }
}

fn process_group(store: &LocalStore) -> u32 {
    store.process_group().expect("it was started here")
}

/// The processes of a group, without zombies.
fn members(group: u32) -> HashSet<u32> {
    let processes = fs::read_dir("/proc")
        .expect("this is Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let belongs = |id: &u32| {
        // After the name, which ends at the last parenthesis: state, parent, group.
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        fields.first() != Some(&"Z") && fields.get(2) == Some(&group.to_string().as_str())
    };
    processes.filter(belongs).collect()
}

/// Waits until a group has no processes, at most a minute.
fn wait_until_ended(group: u32) {
    for _ in 0..1200 {
        if members(group).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The addresses that a group listens on, in the kernel's notation.
fn listening_addresses(group: u32) -> Vec<String> {
    let descriptors = members(group).into_iter().filter_map(|id| fs::read_dir(format!("/proc/{id}/fd")).ok());
    let sockets: HashSet<_> = descriptors
        .flatten()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let rows =
        tables.iter().flat_map(|table| table.lines().skip(1)).map(|row| row.split_whitespace().collect());
    rows.filter(|row: &Vec<&str>| row[3] == "0A" && sockets.contains(&format!("socket:[{}]", row[9])))
        .map(|row| row[1].to_owned())
        .collect()
}

async fn assert_objects_work(client: &Client) -> Outcome {
    let key = "uploads/a b+c";
    let body = "bytes";
    let put = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(body.as_bytes()));
    put.send().await?;
    let got = client.get_object().bucket(BUCKET).key(key).send().await?.body.collect().await?;
    assert_eq!(got.to_vec(), body.as_bytes());

    let expiry = PresigningConfig::expires_in(Duration::from_mins(1))?;
    let presigned = client.get_object().bucket(BUCKET).key(key).presigned(expiry).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer = http.get(presigned.uri()).send().await?.error_for_status()?;
    assert_eq!(answer.text().await?, body);
    let unsigned = presigned.uri().split('?').next().unwrap_or_default();
    assert_eq!(http.get(unsigned).send().await?.status().as_u16(), 403);

    client.delete_object().bucket(BUCKET).key(key).send().await?;
    assert!(client.head_object().bucket(BUCKET).key(key).send().await.is_err());
    Ok(())
}

async fn assert_multipart_works(client: &Client) -> Outcome {
    let key = "uploads/parts";
    let created = client.create_multipart_upload().bucket(BUCKET).key(key).send().await?;
    let upload_id = created.upload_id.ok_or("no upload id")?;
    let mut parts = CompletedMultipartUpload::builder();
    for (number, length) in [(1, PART_BYTES), (2, 7)] {
        let part = client.upload_part().bucket(BUCKET).key(key).upload_id(&upload_id).part_number(number);
        let e_tag = part.body(vec![b'x'; length].into()).send().await?.e_tag.ok_or("no ETag")?;
        parts = parts.parts(CompletedPart::builder().part_number(number).e_tag(e_tag).build());
    }
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(upload_id);
    complete.multipart_upload(parts.build()).send().await?;
    let length = client.head_object().bucket(BUCKET).key(key).send().await?.content_length;
    assert_eq!(length, Some(i64::try_from(PART_BYTES)? + 7));
    Ok(())
}

async fn assert_notifies(
    store: &LocalStore,
    events: &RecordingWebhook,
    webhook: &WebhookSettings,
) -> Outcome {
    store.notify(BUCKET, "uploads/", webhook).await?;
    for key in ["elsewhere/ignored", "uploads/notified"] {
        store.client().put_object().bucket(BUCKET).key(key).body(vec![0].into()).send().await?;
    }
    let sent = Instant::now();
    let [query, authorization, _] = events.first_with("uploads/notified").await?;
    println!("{}: the first event came after {} ms", store.kind(), sent.elapsed().as_millis());
    assert_eq!(query, "token=sesame");
    if store.kind() == StoreKind::Minio {
        assert_eq!(authorization, "Bearer sesame");
    }
    let events = events.0.lock().expect("no panic while held");
    assert!(!events.iter().any(|event| event[2].contains("elsewhere")), "it notifies of uploads/ only");
    Ok(())
}

async fn assert_cors(store: &LocalStore, origin: &str) -> Outcome {
    let address = format!("{}/{BUCKET}/uploads/any", store.endpoint());
    let preflight = reqwest::Client::builder().no_proxy().build()?.request(reqwest::Method::OPTIONS, address);
    let preflight = preflight.header("origin", origin).header("access-control-request-method", "PUT");
    let answer = preflight.header("access-control-request-headers", "content-md5").send().await?;
    assert!(answer.headers().contains_key("access-control-allow-origin"), "{answer:?}");
    Ok(())
}

async fn check_store(kind: StoreKind) -> Outcome {
    let folder = TempDir::with_prefix("stores with spaces ")?;
    let (events, webhook) = RecordingWebhook::start().await?;
    let mut settings = StoreSettings::new(folder.path().join("a folder whose name is long".repeat(4)));
    settings.webhook = Some(webhook.clone());

    let started = Instant::now();
    let store = LocalStore::start(kind, settings.clone()).await?;
    println!("{kind} started in {} ms", started.elapsed().as_millis());
    let origins = ["http://127.0.0.1:1".to_owned()];
    for _ in 0..2 {
        store.create_bucket(BUCKET, &origins).await?;
    }
    assert_cors(&store, &origins[0]).await?;
    assert_objects_work(store.client()).await?;
    assert_multipart_works(store.client()).await?;
    if kind.has_notifications() {
        assert_notifies(&store, &events, &webhook).await?;
    } else {
        assert!(store.notify(BUCKET, "uploads/", &webhook).await.is_err());
    }

    let group = process_group(&store);
    let addresses = listening_addresses(group);
    assert!(!addresses.is_empty());
    let outside: Vec<_> = addresses.iter().filter(|address| !address.starts_with("0100007F:")).collect();
    assert!(outside.is_empty(), "it listens on {outside:?}");
    assert!(members(group).len() > 1);
    store.shutdown().await;
    assert_eq!(members(group), HashSet::new());

    settings.keys = Keys::of_store("another secret".to_owned());
    let store = LocalStore::start(kind, settings).await?;
    store.create_bucket(BUCKET, &origins).await?;
    assert_objects_work(store.client()).await?;
    let kept = store.client().head_object().bucket(BUCKET).key("uploads/parts").send().await;
    assert_eq!(kept.is_ok(), kind != StoreKind::Ceph, "only Ceph loses its data");
    store.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn ceph_does_what_the_pipeline_needs() -> Outcome {
    check_store(StoreKind::Ceph).await
}

#[tokio::test]
async fn seaweedfs_does_what_the_pipeline_needs() -> Outcome {
    check_store(StoreKind::SeaweedFs).await
}

#[tokio::test]
async fn the_minio_fork_does_what_the_pipeline_needs() -> Outcome {
    check_store(StoreKind::Minio).await
}

#[tokio::test]
async fn two_stores_of_one_kind_run_side_by_side() -> Outcome {
    let folders = [TempDir::new()?, TempDir::new()?];
    let [first, second] = folders.each_ref().map(|folder| StoreSettings::new(folder.path()));
    let (first, second) = tokio::try_join!(
        LocalStore::start(StoreKind::Ceph, first),
        LocalStore::start(StoreKind::Ceph, second)
    )?;
    first.create_bucket(BUCKET, &[]).await?;
    assert!(second.client().head_bucket().bucket(BUCKET).send().await.is_err());
    let groups = [process_group(&first), process_group(&second)];
    drop((first, second));
    groups.into_iter().for_each(wait_until_ended);
    assert_eq!(groups.map(members), [HashSet::new(), HashSet::new()], "a drop ends everything too");
    Ok(())
}

/// Not a test: the process that `a_killed_launcher_takes_its_store_along` kills.
#[tokio::test]
#[ignore = "started by a_killed_launcher_takes_its_store_along"]
async fn launcher() -> Outcome {
    let folder = TempDir::new()?;
    let store = LocalStore::start(StoreKind::Ceph, StoreSettings::new(folder.path())).await?;
    println!("\ngroup {}", process_group(&store));
    sleep(Duration::from_secs(20)).await;
    store.shutdown().await;
    Ok(())
}

#[test]
fn a_killed_launcher_takes_its_store_along() -> Outcome {
    let mut launcher = Command::new(std::env::current_exe()?);
    launcher
        .args(["launcher", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .process_group(0);
    let mut launcher = launcher.spawn()?;
    let mut lines = BufReader::new(launcher.stdout.take().ok_or("no output")?).lines().map_while(Result::ok);
    let group = lines.find_map(|line| line.strip_prefix("group ")?.parse().ok()).ok_or("it did not start")?;
    assert_eq!(members(group).len(), 4, "the supervisor, the monitor, the OSD and the gateway");

    launcher.kill()?;
    launcher.wait()?;
    wait_until_ended(group);
    assert_eq!(members(group), HashSet::new());
    Ok(())
}
