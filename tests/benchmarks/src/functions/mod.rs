//! Measures the cost of a cold start: the size of each function, and the time from its start to its first
//! poll.

mod first_poll;
mod package;

use clap::Args;
use std::path::PathBuf;

use crate::builds::MINIMAL_FUNCTION;
use crate::samples::Samples;
use crate::table::Table;
use crate::{Failure, builds};

#[derive(Debug, Args)]
pub struct FunctionOptions {
    /// Number of times that each function is started
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
}

struct Function {
    name: String,
    executable: PathBuf,
    samples: Samples,
}

/// Starts the functions in turn and prints a table.
pub async fn measure(options: &FunctionOptions, builds: &builds::BuildOptions) -> Result<(), Failure> {
    let mut executables = builds.functions().await?;
    executables.insert(MINIMAL_FUNCTION.to_owned(), builds.minimal_function().await?);
    let functions = executables.into_iter();
    let mut functions: Vec<_> =
        functions.map(|(name, executable)| Function { name, executable, samples: Samples::new() }).collect();

    // The first round reads the executables into memory and does not count.
    for round in 0..=options.starts {
        eprintln!("· function starts, round {round} of {}", options.starts);
        for function in &mut functions {
            let elapsed = first_poll::time(&function.name, &function.executable).await?;
            if round > 0 {
                function.samples.push(elapsed);
            }
        }
    }

    let mut table = Table::new(&["function", "zip, MB", "executable, MB", "start to first poll, ms"]);
    for function in &functions {
        let zip = megabytes(package::zip_size_bytes(&function.executable)?);
        let executable = megabytes(std::fs::metadata(&function.executable)?.len());
        table.row(&[&format!("`{}`", function.name), &zip, &executable, &function.samples.milliseconds()]);
    }
    println!("### Functions, profile `{}`, {} starts\n\n{table}", builds.functions_profile, options.starts);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
fn megabytes(size_bytes: u64) -> String {
    format!("{:.2}", size_bytes as f64 / 1e6)
}
