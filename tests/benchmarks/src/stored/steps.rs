//! Computes what each step of storing saves, on the chunks alone.

use std::fs;
use std::path::PathBuf;
use zstd::bulk::Compressor;

use super::chunks::{self, Piece};
use crate::Failure;
use crate::figure::{grouped, times};
use crate::table::Table;

const KIB: usize = 1 << 10;
/// One frame for the whole pack: more bytes than all chunks have.
const WHOLE: usize = usize::MAX;
/// The frame size and level of `sluice_domain::frames`.
const FRAME_BYTES: usize = 256 * KIB;
const LEVEL: i32 = 9;
/// A window of 128 MiB, as a power of two.
const LONG_WINDOW_LOG: u32 = 27;

/// How chunks are compressed.
#[derive(Debug, Clone, Copy)]
struct Compression {
    frame_bytes: usize,
    level: i32,
    long_window: bool,
}

/// Computes all steps and returns their table.
pub fn table(trees: &[PathBuf], logical_bytes: u64) -> Result<Table, Failure> {
    eprintln!("· what each step saves");
    let mut table = Table::new(&["step", "bytes", "beside the frames in use", "MB/s of one core"]);
    let begin = processor_seconds()?;
    let pieces = chunks::unique(trees)?;
    let seconds = processor_seconds()? - begin;
    let raw_bytes = size_bytes(&pieces);
    let in_use =
        compress(&pieces, Compression { frame_bytes: FRAME_BYTES, level: LEVEL, long_window: false })?;
    let mut row = |name: &str, bytes: u64, input_bytes: u64, seconds: f64| {
        table.row(&[name, &grouped(bytes), &times(bytes, in_use), &rate(input_bytes, seconds)]);
    };
    row("chunks, each once", raw_bytes, logical_bytes, seconds);
    for (name, compression) in compressions() {
        let begin = processor_seconds()?;
        let bytes = compress(&pieces, compression)?;
        row(&name, bytes, raw_bytes, processor_seconds()? - begin);
    }
    let orders = [
        ("in the order of their paths", chunks::by_path as fn(&[Piece]) -> Vec<Piece>),
        ("in the order of their likeness", chunks::by_similarity),
    ];
    for (order, sort) in orders {
        for frame_bytes in [FRAME_BYTES, WHOLE] {
            let begin = processor_seconds()?;
            let sorted = sort(&pieces);
            let bytes = compress(&sorted, Compression { frame_bytes, level: LEVEL, long_window: false })?;
            let name = format!("{}, level {LEVEL}, {order}", name_of(frame_bytes));
            row(&name, bytes, raw_bytes, processor_seconds()? - begin);
        }
    }
    Ok(table)
}

fn compressions() -> Vec<(String, Compression)> {
    let mut compressions = Vec::new();
    for level in [3, LEVEL] {
        for frame_bytes in [64 * KIB, 128 * KIB, FRAME_BYTES, KIB * KIB, WHOLE] {
            let name = format!("{}, level {level}", name_of(frame_bytes));
            compressions.push((name, Compression { frame_bytes, level, long_window: false }));
        }
    }
    for level in [6, 12, 19] {
        let name = format!("{}, level {level}", name_of(FRAME_BYTES));
        compressions.push((name, Compression { frame_bytes: FRAME_BYTES, level, long_window: false }));
    }
    for level in [3, LEVEL] {
        let name = format!("{}, level {level}, long window of 128 MiB", name_of(WHOLE));
        compressions.push((name, Compression { frame_bytes: WHOLE, level, long_window: true }));
    }
    compressions
}

fn name_of(frame_bytes: usize) -> String {
    if frame_bytes == WHOLE {
        "the whole pack".to_owned()
    } else {
        format!("frames of {} KiB", frame_bytes / KIB)
    }
}

/// The size of all frames. Each has whole chunks.
fn compress(pieces: &[Piece], compression: Compression) -> Result<u64, Failure> {
    let mut compressor = Compressor::new(compression.level)?;
    compressor.include_checksum(true)?;
    if compression.long_window {
        compressor.window_log(LONG_WINDOW_LOG)?;
        compressor.long_distance_matching(true)?;
    }
    let mut frame = Vec::new();
    let mut stored_bytes = 0;
    for piece in pieces {
        if !frame.is_empty() && piece.bytes.len() > compression.frame_bytes - frame.len() {
            stored_bytes += compressor.compress(&frame)?.len() as u64;
            frame.clear();
        }
        frame.extend_from_slice(&piece.bytes);
    }
    Ok(stored_bytes + compressor.compress(&frame)?.len() as u64)
}

fn size_bytes(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| piece.bytes.len() as u64).sum()
}

/// The processor time of this thread, which does all the work.
fn processor_seconds() -> Result<f64, Failure> {
    // The first number is in nanoseconds (<https://docs.kernel.org/scheduler/sched-stats.html>).
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = times.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

#[expect(clippy::cast_precision_loss, reason = "whole numbers are printed")]
fn rate(bytes: u64, seconds: f64) -> String {
    format!("{:.0}", bytes as f64 / seconds / 1e6)
}
