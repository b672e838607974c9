//! `sluice-dev up`.

use std::{
    error::Error,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use clap::Args;
use sluice_localstack::{Build, EmulatorKind, Settings, Stack, stores::StoreKind};
use tokio::signal::unix::{SignalKind, signal};

use crate::{demo::Demo, report};

/// Options of `sluice-dev up`.
#[derive(Debug, Args)]
pub struct Options {
    /// What the API listens on: 0.0.0.0 in a container, whose published ports do not lead to loopback
    #[arg(long, env = "SLUICE_DEV_API_HOST", default_value_t = Ipv4Addr::LOCALHOST, value_name = "ADDRESS")]
    api_host: Ipv4Addr,
    /// Port of the API
    #[arg(long, env = "SLUICE_DEV_API_PORT", default_value_t = Settings::API_PORT, value_name = "PORT")]
    api_port: u16,
    /// Port of the emulated AWS
    #[arg(long, env = "SLUICE_DEV_AWS_PORT", default_value_t = Settings::AWS_PORT, value_name = "PORT")]
    aws_port: u16,
    /// What stands for AWS: ministack or localstack
    #[arg(long, env = "SLUICE_DEV_STACK", default_value_t, value_name = "STACK")]
    stack: EmulatorKind,
    /// Keep the objects in a real store: ceph, seaweedfs or minio
    #[arg(long, env = "SLUICE_DEV_STORE", value_name = "STORE")]
    store: Option<StoreKind>,
    /// Port of that store; any free one by default
    #[arg(long, env = "SLUICE_DEV_STORE_PORT", value_name = "PORT")]
    store_port: Option<u16>,
    /// Use what runs already on the ports of AWS and of the store, rather than starting it, as localstack/compose.yaml does
    #[arg(long)]
    attach: bool,
    /// What a store shows at the hook, if it was told when it started; something random by default
    #[arg(long, env = "SLUICE_DEV_WEBHOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// Where the state is kept between runs
    #[arg(long, env = "SLUICE_DEV_STATE", default_value = "target/dev", value_name = "FOLDER")]
    state: PathBuf,
    /// Deploy the executables in this folder, named as the functions, instead of building them
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Serve the API alone, without the web page
    #[arg(long)]
    no_page: bool,
    /// Skip the first upload
    #[arg(long)]
    no_demo: bool,
    /// Set a parameter of infra/template/stack.yaml; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameter: Vec<(String, String)>,
}

/// Brings the stack up and keeps it until a signal, or until the emulator fails.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let (state, with_demo) = (options.state.clone(), !options.no_demo);
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

/// Demonstrates the stack, then leaves it to its users; returns only when it fails.
async fn show(stack: &mut Stack, state: &Path, with_demo: bool) -> Box<dyn Error> {
    if with_demo {
        match Demo::new(stack, state) {
            Ok(demo) => {
                // The stack stays up whatever came of it: the logs and the tables tell why.
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
    // Ceph's memory store forgets, and so must the tables.
    settings.keep_state = options.store != Some(StoreKind::Ceph);
    settings.emulator = options.stack;
    settings.attach = options.attach;
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
    println!("\nSluice is up.");
    if stack.serves_page() {
        println!("  page       {}/", stack.api_url());
    }
    println!("  API        {}", stack.api_url());
    println!("  AWS        {}", stack.aws_endpoint());
    if let Some(store) = stack.store() {
        let (endpoint, kind) = (store.local().endpoint(), store.local().kind());
        // What was found running may be another release.
        let label = if stack.is_attached() { kind.to_string() } else { kind.label().to_owned() };
        println!("  objects    {endpoint}, {label}");
    }
    if stack.is_attached() {
        return;
    }
    println!("  functions  {}", stack.functions_log().display());
    println!("  emulator   {}", stack.emulator_log().display());
    println!("Ctrl-C stops it; what is stored stays.");
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
