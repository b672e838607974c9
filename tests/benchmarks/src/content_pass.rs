//! Measures dedup-upload's pass over every byte, beside commands that compute the same two hashes.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use sluice_domain::content_pass::ContentPass;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

use crate::samples::{Samples, ratio};
use crate::table::Table;
use crate::{Failure, command, own_process, put};

/// The size of the blocks that dedup-upload reads.
const BLOCK_BYTES: u64 = 8 << 20;

#[derive(Debug, Args)]
pub struct ContentPassOptions {
    /// Size of the hashed file, in MiB
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    file_mib: u64,
    /// How often each contender hashes it
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    passes: u32,
}

/// One pass over a file.
#[derive(Debug, Args)]
pub struct HashRun {
    method: HashMethod,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HashMethod {
    /// Both hashes, chunks and packs in one pass.
    ContentPass,
    /// The same two hash functions, one after the other.
    Sequence,
}

/// The results of a pass, and the memory it took.
#[derive(Debug, Serialize, Deserialize)]
struct Findings {
    sha1: String,
    sha256: String,
    peak_resident_kib: u64,
}

/// Passes over a file once and prints the findings.
pub fn run_once(run: &HashRun) -> Result<(), Failure> {
    let (sha1, sha256) = match run.method {
        HashMethod::ContentPass => content_pass(&run.file)?,
        HashMethod::Sequence => (hash::<Sha1>(&run.file)?, hash::<Sha256>(&run.file)?),
    };
    let peak_resident_kib = own_process::own_peak_resident_kib().ok_or("no VmHWM in /proc/self/status")?;
    println!("{}", serde_json::to_string(&Findings { sha1, sha256, peak_resident_kib })?);
    Ok(())
}

fn content_pass(file: &Path) -> io::Result<(String, String)> {
    let mut pass = ContentPass::new();
    for_each_block(file, |block| drop(pass.update(block)))?;
    let (digest, _) = pass.finish();
    Ok((digest.sha1.to_string(), digest.sha256.to_string()))
}

fn hash<Hash: Digest>(file: &Path) -> io::Result<String> {
    let mut hash = Hash::new();
    for_each_block(file, |block| hash.update(block))?;
    Ok(hex::encode(hash.finalize()))
}

fn for_each_block(file: &Path, mut on_block: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES as usize);
    while file.by_ref().take(BLOCK_BYTES).read_to_end(&mut block)? > 0 {
        on_block(&block);
        block.clear();
    }
    Ok(())
}

/// Times the contenders in turn, each in a process of its own, and prints a table.
pub async fn measure(options: &ContentPassOptions) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("random.bin");
    let size_bytes = options.file_mib << 20;
    put::data::write_random(&file, size_bytes)?;

    let [mut commands, mut sequence, mut pass] = [const { Samples::new() }; 3];
    let mut peak_resident_kib = 0;
    // The first round reads the file into memory and does not count.
    for round in 0..=options.passes {
        eprintln!("· content pass, round {round} of {}", options.passes);
        let (by_commands, commands_elapsed) = hash_by_commands(&file).await?;
        let (by_sequence, sequence_elapsed) = in_own_process("sequence", &file).await?;
        let (by_pass, pass_elapsed) = in_own_process("content-pass", &file).await?;
        for (sha1, sha256) in [by_commands, (by_sequence.sha1, by_sequence.sha256)] {
            if (&sha1, &sha256) != (&by_pass.sha1, &by_pass.sha256) {
                return Err("the contenders disagree about the hashes".into());
            }
        }
        if round > 0 {
            commands.push(commands_elapsed);
            sequence.push(sequence_elapsed);
            pass.push(pass_elapsed);
            peak_resident_kib = peak_resident_kib.max(by_pass.peak_resident_kib);
        }
    }

    let mut table = Table::new(&["", "seconds", "GB/s", "time, content pass = 1"]);
    let contenders = [
        ("content pass: SHA-1, SHA-256, chunks and packs", &pass),
        ("`sha1sum`, then `sha256sum`", &commands),
        ("SHA-1, then SHA-256, by the same crates", &sequence),
    ];
    for (name, samples) in contenders {
        let rate = format!("{:.2}", gigabytes_per_second(size_bytes, samples.median()));
        table.row(&[name, &samples.seconds(), &rate, &format!("{:.2}", ratio(samples, &pass))]);
    }
    println!("### Content pass over {} MiB\n\n{table}", options.file_mib);
    println!("Peak resident memory of the content pass: {} MiB.\n", peak_resident_kib.div_ceil(1024));
    Ok(())
}

async fn hash_by_commands(file: &Path) -> Result<((String, String), Duration), Failure> {
    let (sha1, first) = hash_by_command("sha1sum", file).await?;
    let (sha256, second) = hash_by_command("sha256sum", file).await?;
    Ok(((sha1, sha256), first + second))
}

async fn hash_by_command(name: &str, file: &Path) -> Result<(String, Duration), Failure> {
    let mut command = Command::new(name);
    command.arg(file);
    let finished = command::run(command).await?;
    let hash = finished.output.split(' ').next().unwrap_or_default();
    Ok((hash.to_owned(), finished.elapsed))
}

async fn in_own_process(method: &str, file: &Path) -> Result<(Findings, Duration), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["once", method]).arg(file);
    let finished = command::run(command).await?;
    Ok((serde_json::from_str(&finished.output)?, finished.elapsed))
}

#[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
fn gigabytes_per_second(size_bytes: u64, elapsed: Duration) -> f64 {
    size_bytes as f64 / elapsed.as_secs_f64() / 1e9
}
