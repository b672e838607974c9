//! Measures how long a stack takes until it is usable, on each emulator.

use clap::Args;
use sluice_localstack::{EmulatorKind, Stack};
use std::fs;
use std::path::Path;
use tokio::time::Instant;

use crate::bench_stack::BenchStack;
use crate::samples::{Samples, ratio};
use crate::table::Table;
use crate::{Failure, builds, command};

/// The parameter that is changed, which all functions read.
const CHANGE: [(&str, &str); 1] = [("LogLevel", "debug")];

#[derive(Debug, Args)]
pub struct StartOptions {
    /// Number of times that a stack is started on each emulator
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    stacks: u32,
}

/// The times of one emulator.
struct Times {
    first: Samples,
    upload: Samples,
    change: Samples,
    /// Empty if the emulator keeps no state.
    again: Samples,
}

/// Times each emulator in turn and prints a table.
pub async fn measure(options: &StartOptions, builds: &builds::BuildOptions) -> Result<(), Failure> {
    let sluice = builds.sluice().await?;
    let mut times = EmulatorKind::ALL.map(|_| Times::new());
    for round in 1..=options.stacks {
        for (kind, times) in EmulatorKind::ALL.into_iter().zip(&mut times) {
            eprintln!("· start {round} of {}: {kind}", options.stacks);
            time(kind, builds, &sluice, times).await?;
        }
    }
    let [ministack, localstack] = &times;
    let mut table = Table::new(&["seconds", "ministack", "LocalStack", "LocalStack, ministack = 1"]);
    let rows = [
        ("from nothing to the API's first answer", &ministack.first, &localstack.first),
        ("first upload, 10 KiB, until available", &ministack.upload, &localstack.upload),
        ("a changed parameter, deployed", &ministack.change, &localstack.change),
    ];
    for (what, ministack, localstack) in rows {
        let relative = format!("{:.2}", ratio(localstack, ministack));
        table.row(&[what, &ministack.seconds(), &localstack.seconds(), &relative]);
    }
    table.row(&["started again with what it kept", &ministack.again.seconds(), "keeps nothing", ""]);
    println!("### Starts\n\n{table}");
    Ok(())
}

impl Times {
    fn new() -> Self {
        Self { first: Samples::new(), upload: Samples::new(), change: Samples::new(), again: Samples::new() }
    }
}

async fn time(
    kind: EmulatorKind,
    builds: &builds::BuildOptions,
    sluice: &Path,
    times: &mut Times,
) -> Result<(), Failure> {
    let (mut settings, folder) = BenchStack::settings(builds).await?;
    settings.emulator = kind;
    settings.keep_state = kind.keeps_state();

    let begin = Instant::now();
    let stack = Stack::start(settings.clone()).await?;
    times.first.push(begin.elapsed());

    let mut bench = BenchStack::of(stack, folder, sluice.to_owned()).await?;
    let file = bench.folder.path().join("file");
    fs::write(&file, vec![1; 10 << 10])?;
    times.upload.push(command::run(bench.put(&file, "first")).await?.elapsed);

    let begin = Instant::now();
    bench.stack.update(&CHANGE).await?;
    times.change.push(begin.elapsed());

    // The folder must live until the end.
    let BenchStack { stack, folder: _kept, .. } = bench;
    stack.shutdown().await;
    if kind.keeps_state() {
        let begin = Instant::now();
        let stack = Stack::start(settings).await?;
        times.again.push(begin.elapsed());
        stack.shutdown().await;
    }
    Ok(())
}
