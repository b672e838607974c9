//! Measures Sluice beside its peers and prints the tables of `docs/MEASUREMENTS.md`.

mod bench_stack;
mod builds;
mod command;
mod compress;
mod content_pass;
mod debian;
mod delta;
mod failure;
mod figure;
mod functions;
mod invocation;
mod machine;
mod migrate;
mod own_process;
mod peers;
mod put;
mod samples;
mod start;
mod stored;
mod table;
mod uploads;
mod watched;
mod worker;

use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

use content_pass::HashRun;
pub(crate) use failure::Failure;
use invocation::Invocation;

/// Measure Sluice beside its peers and print tables
#[derive(Debug, Parser)]
#[command(max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of `all`, which is the default
    #[command(flatten)]
    all: AllOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure everything, one after the other
    All(AllOptions),
    /// Measure one pass over a file's bytes, beside `sha1sum` and `sha256sum`
    ContentPass(content_pass::ContentPassOptions),
    /// Measure size and start of each function, beside a minimal one
    Functions {
        #[command(flatten)]
        options: functions::FunctionOptions,
        #[command(flatten)]
        builds: builds::BuildOptions,
    },
    /// Measure `sluice put`, beside `aws s3 cp` and `s5cmd cp`
    Put {
        #[command(flatten)]
        options: put::PutOptions,
        #[command(flatten)]
        builds: builds::BuildOptions,
    },
    /// Measure how long a stack takes to start and to change, on ministack and on LocalStack
    Start {
        #[command(flatten)]
        options: start::StartOptions,
        #[command(flatten)]
        builds: builds::BuildOptions,
    },
    /// Measure what an edit of a large file sends, beside rsync
    Delta {
        #[command(flatten)]
        options: delta::DeltaOptions,
        #[command(flatten)]
        builds: builds::BuildOptions,
    },
    /// Measure the stored size of twenty versions of a source tree, beside restic, borg and casync
    Stored {
        #[command(flatten)]
        builds: builds::BuildOptions,
    },
    /// Measure speed and memory of dedup-upload for a large object that is new, known or edited
    Worker(worker::WorkerOptions),
    /// Measure speed and memory of compress-pack on source code, logs and images, beside the `zstd` command
    Compress(compress::CompressOptions),
    /// Measure migrate-pack with small and large files from Ceph to an OSS double, beside rclone
    Migrate(migrate::MigrateOptions),
    /// The pass that `content-pass` times, in a process of its own
    #[command(hide = true)]
    Once(HashRun),
    /// A function that processes messages, in a process of its own
    #[command(hide = true)]
    Invoke(Invocation),
}

#[derive(Debug, Args)]
struct AllOptions {
    #[command(flatten)]
    content_pass: content_pass::ContentPassOptions,
    #[command(flatten)]
    functions: functions::FunctionOptions,
    #[command(flatten)]
    put: put::PutOptions,
    #[command(flatten)]
    start: start::StartOptions,
    #[command(flatten)]
    delta: delta::DeltaOptions,
    #[command(flatten)]
    worker: worker::WorkerOptions,
    #[command(flatten)]
    compress: compress::CompressOptions,
    #[command(flatten)]
    migrate: migrate::MigrateOptions,
    #[command(flatten)]
    builds: builds::BuildOptions,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command.unwrap_or(Command::All(arguments.all)) {
        Command::Once(run) => content_pass::run_once(&run),
        command => run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<(), Failure> {
    if let Command::Invoke(invocation) = command {
        return invocation::run(invocation).await;
    }
    println!("{}", machine::describe()?);
    match command {
        Command::All(all) => {
            content_pass::measure(&all.content_pass).await?;
            functions::measure(&all.functions, &all.builds).await?;
            put::measure(&all.put, &all.builds).await?;
            start::measure(&all.start, &all.builds).await?;
            delta::measure(&all.delta, &all.builds).await?;
            stored::measure(&all.builds).await?;
            worker::measure(&all.worker).await?;
            compress::measure(&all.compress).await?;
            migrate::measure(&all.migrate).await
        }
        Command::ContentPass(options) => content_pass::measure(&options).await,
        Command::Functions { options, builds } => functions::measure(&options, &builds).await,
        Command::Put { options, builds } => put::measure(&options, &builds).await,
        Command::Start { options, builds } => start::measure(&options, &builds).await,
        Command::Delta { options, builds } => delta::measure(&options, &builds).await,
        Command::Stored { builds } => stored::measure(&builds).await,
        Command::Worker(options) => worker::measure(&options).await,
        Command::Compress(options) => compress::measure(&options).await,
        Command::Migrate(options) => migrate::measure(&options).await,
        Command::Once(_) | Command::Invoke(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_valid() {
        Arguments::command().debug_assert();
    }
}
