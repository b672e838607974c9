//! Runs one pass over a file and prints its hashes and the speed:
//! `cargo run --release -p sluice-domain --example content_pass -- FILE`.

use sluice_domain::chunk::Chunker;
use sluice_domain::content_pass::ContentPass;
use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

const BLOCK_BYTES: usize = 8 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args_os().nth(1).ok_or("usage: content_pass FILE")?;
    let path = Path::new(&argument);

    let mut pass = ContentPass::new();
    let mut packs = Vec::new();
    let elapsed = for_each_block(path, |block| packs.extend(pass.update(block)))?;
    let checkpoint_bytes = pass.checkpoint().len();
    let (digest, last_packs) = pass.finish();
    packs.extend(last_packs);

    let chunk_count: usize = packs.iter().map(|pack| pack.chunks().len()).sum();
    println!("sha1               {}", digest.sha1);
    println!("sha256             {}", digest.sha256);
    println!("size               {} bytes", digest.size_bytes);
    println!("chunks             {chunk_count} in {} packs", packs.len());
    println!("last checkpoint    {checkpoint_bytes} bytes");
    println!("pass               {}", rates(digest.size_bytes, &elapsed));
    println!("peak resident      {}", peak_resident_memory()?);

    let mut chunker = Chunker::new();
    let elapsed = for_each_block(path, |block| chunker.update(block, |_, _| ()))?;
    println!("chunk and BLAKE3   {}, on one core", rates(digest.size_bytes, &elapsed));
    Ok(())
}

struct Elapsed {
    with_reading: Duration,
    without_reading: Duration,
}

/// Reads the file block by block, and times it.
fn for_each_block(path: &Path, mut on_block: impl FnMut(&[u8])) -> Result<Elapsed, Box<dyn Error>> {
    let mut file = File::open(path)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut without_reading = Duration::ZERO;
    let begin = Instant::now();
    while file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)? > 0 {
        let start = Instant::now();
        on_block(&block);
        without_reading += start.elapsed();
        block.clear();
    }
    Ok(Elapsed { with_reading: begin.elapsed(), without_reading })
}

#[allow(clippy::cast_precision_loss)]
fn rates(size_bytes: u64, elapsed: &Elapsed) -> String {
    let rate = |elapsed: Duration| size_bytes as f64 / elapsed.as_secs_f64() / 1e9;
    let without = rate(elapsed.without_reading);
    let with = rate(elapsed.with_reading);
    format!("{without:.2} GB/s; {with:.2} GB/s with reading the file")
}

fn peak_resident_memory() -> Result<String, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.ok_or("no VmHWM in /proc/self/status")?.trim().to_owned())
}
