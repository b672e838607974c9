//! `sluice-dev up`: starts the stack and keeps it running.

use std::error::Error;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use clap::Args;
use sluice_localstack::stores::StoreKind;
use sluice_localstack::{Build, EmulatorKind, Keys, Settings, Stack};
use tokio::signal::unix::{SignalKind, signal};

use crate::demo::Demo;
use crate::report;

#[derive(Debug, Args)]
pub struct Options {
    /// Address that the API listens on; 0.0.0.0 in a container, where published ports do not reach loopback
    #[arg(long, env = "SLUICE_DEV_API_HOST", default_value_t = Ipv4Addr::LOCALHOST, value_name = "ADDRESS")]
    api_host: Ipv4Addr,
    /// Port of the API
    #[arg(long, env = "SLUICE_DEV_API_PORT", default_value_t = Settings::API_PORT, value_name = "PORT")]
    api_port: u16,
    /// Port of the emulated AWS
    #[arg(long, env = "SLUICE_DEV_AWS_PORT", default_value_t = Settings::AWS_PORT, value_name = "PORT")]
    aws_port: u16,
    /// Access key of the emulated AWS, if it runs already [default: random]
    #[arg(
        long,
        env = "SLUICE_DEV_ACCESS_KEY",
        value_name = "KEY",
        hide_env_values = true,
        requires = "secret_key"
    )]
    access_key: Option<String>,
    /// Secret of that access key, and of the store if it runs already
    #[arg(long, env = "SLUICE_DEV_SECRET_KEY", value_name = "SECRET", hide_env_values = true)]
    secret_key: Option<String>,
    /// AWS emulator: ministack or localstack
    #[arg(long, env = "SLUICE_DEV_STACK", default_value_t, value_name = "STACK")]
    stack: EmulatorKind,
    /// Keep objects in a real store: ceph, seaweedfs or minio
    #[arg(long, env = "SLUICE_DEV_STORE", value_name = "STORE")]
    store: Option<StoreKind>,
    /// Port of that store [default: any free port]
    #[arg(long, env = "SLUICE_DEV_STORE_PORT", value_name = "PORT")]
    store_port: Option<u16>,
    /// Use the emulator and the store that already run on these ports, as localstack/compose.yaml does
    #[arg(long)]
    attach: bool,
    /// Secret that a store presents to the webhook, if the store was started with one [default: random]
    #[arg(long, env = "SLUICE_DEV_WEBHOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// Folder that keeps the state between runs
    #[arg(long, env = "SLUICE_DEV_STATE", default_value = "target/dev", value_name = "FOLDER")]
    state: PathBuf,
    /// Deploy the executables of this folder, one named after each function, instead of building them
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Serve only the API, without the web page
    #[arg(long)]
    no_page: bool,
    /// Skip the first upload
    #[arg(long)]
    no_demo: bool,
    /// Set a parameter of infra/template/stack.yaml (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameter: Vec<(String, String)>,
}

/// Starts the stack and keeps it running until a signal, or until the emulator fails.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let state = options.state.clone();
    let with_demo = !options.no_demo;
    report::withdraw(&state);
    let mut stack = tokio::select! {
        started = Stack::start(settings(options)) => started?,
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    let failure = tokio::select! {
        failure = show(&mut stack, &state, with_demo) => Some(failure),
        _ = interrupted.recv() => None,
        _ = terminated.recv() => None,
    };
    report::withdraw(&state);
    eprintln!("\nstopping");
    stack.shutdown().await;
    failure.map_or(Ok(()), Err)
}

/// Runs the first upload, then leaves the stack to its users. Returns only when the stack fails.
async fn show(stack: &mut Stack, state: &Path, with_demo: bool) -> Box<dyn Error> {
    if with_demo {
        match Demo::new(stack, state) {
            Ok(demo) => {
                // The stack keeps running even if this failed: its logs and tables say why.
                if let Err(error) = demo.run().await {
                    eprintln!("error: the first upload failed: {error}");
                }
                demo.print_commands();
            }
            Err(error) => eprintln!("error: no first upload: {error}"),
        }
    }
    print_addresses(stack);
    if let Err(error) = report::publish(state, stack) {
        return error.into();
    }
    stack.stopped().await.into()
}

fn settings(options: Options) -> Settings {
    let mut state = options.state;
    if options.stack != EmulatorKind::default() {
        state.push(options.stack.to_string());
    }
    if let Some(store) = options.store {
        state.push(store.to_string());
    }
    let mut settings = Settings::new(state);
    // Ceph keeps its objects in memory, so the tables must not outlive them.
    settings.keep_state = options.store != Some(StoreKind::Ceph);
    settings.emulator = options.stack;
    settings.attach = options.attach;
    if let (Some(access_key), Some(secret_key)) = (options.access_key, options.secret_key) {
        settings.keys = Keys { access_key, secret_key };
    }
    if let Some(secret) = options.webhook_secret {
        settings.webhook_secret = secret;
    }
    settings.store = options.store;
    settings.store_port = options.store_port;
    settings.aws_port = Some(options.aws_port);
    settings.api_host = options.api_host;
    settings.api_port = Some(options.api_port);
    settings.page_dir = (!options.no_page).then(|| settings.own_page_dir());
    settings.build = options.functions.map_or_else(Build::default, Build::Ready);
    settings.parameters.extend(options.parameter);
    settings.report = |step| eprintln!("· {step}");
    settings
}

fn print_addresses(stack: &Stack) {
    println!("\nSluice is running.");
    if stack.serves_page() {
        println!("  page       {}/", stack.api_url());
    }
    println!("  API        {}", stack.api_url());
    println!("  AWS        {}", stack.aws_endpoint());
    if let Some(store) = stack.store() {
        let endpoint = store.local().endpoint();
        let kind = store.local().kind();
        // A store that was already running may be another release.
        let label = if stack.is_attached() { kind.to_string() } else { kind.label().to_owned() };
        println!("  objects    {endpoint}, {label}");
    }
    if stack.is_attached() {
        return;
    }
    println!("  functions  {}", stack.functions_log().display());
    println!("  emulator   {}", stack.emulator_log().display());
    println!("Ctrl-C stops it and keeps the stored data.");
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
