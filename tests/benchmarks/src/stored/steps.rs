//! What each step of storing brings, computed on the chunks alone.

use std::fs;
use std::path::PathBuf;
use zstd::bulk::Compressor;

use super::chunks::{self, Piece};
use crate::Failure;
use crate::figure::{grouped, times};
use crate::table::Table;

const KIB: usize = 1 << 10;
/// As many bytes as a pack can have, and more than all chunks together.
const WHOLE: usize = usize::MAX;
/// Frames and level as `sluice_domain::frames` has them.
const FRAME_BYTES: usize = 256 * KIB;
const LEVEL: i32 = 9;
/// 128 MiB.
const LONG_WINDOW_LOG: u32 = 27;

/// How chunks are compressed.
#[derive(Debug, Clone, Copy)]
struct Way {
    frame_bytes: usize,
    level: i32,
    long_window: bool,
}

/// Computes all steps, and gives their table.
pub fn table(trees: &[PathBuf], logical_bytes: u64) -> Result<Table, Failure> {
    eprintln!("· what each step brings");
    let mut table = Table::new(&["step", "bytes", "beside the frames in use", "MB/s of one core"]);
    let begin = processor_seconds()?;
    let pieces = chunks::unique(trees)?;
    let seconds = processor_seconds()? - begin;
    let raw_bytes = size_bytes(&pieces);
    let in_use = compress(&pieces, Way { frame_bytes: FRAME_BYTES, level: LEVEL, long_window: false })?;
    let mut row = |name: &str, bytes: u64, input_bytes: u64, seconds: f64| {
        table.row(&[name, &grouped(bytes), &times(bytes, in_use), &rate(input_bytes, seconds)]);
    };
    row("chunks, each once", raw_bytes, logical_bytes, seconds);
    for (name, way) in ways() {
        let begin = processor_seconds()?;
        let bytes = compress(&pieces, way)?;
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
            let bytes = compress(&sorted, Way { frame_bytes, level: LEVEL, long_window: false })?;
            let name = format!("{}, level {LEVEL}, {order}", name_of(frame_bytes));
            row(&name, bytes, raw_bytes, processor_seconds()? - begin);
        }
    }
    Ok(table)
}

fn ways() -> Vec<(String, Way)> {
    let mut ways = Vec::new();
    for level in [3, LEVEL] {
        for frame_bytes in [64 * KIB, 128 * KIB, FRAME_BYTES, KIB * KIB, WHOLE] {
            let name = format!("{}, level {level}", name_of(frame_bytes));
            ways.push((name, Way { frame_bytes, level, long_window: false }));
        }
    }
    for level in [6, 12, 19] {
        let name = format!("{}, level {level}", name_of(FRAME_BYTES));
        ways.push((name, Way { frame_bytes: FRAME_BYTES, level, long_window: false }));
    }
    for level in [3, LEVEL] {
        let name = format!("{}, level {level}, long window of 128 MiB", name_of(WHOLE));
        ways.push((name, Way { frame_bytes: WHOLE, level, long_window: true }));
    }
    ways
}

fn name_of(frame_bytes: usize) -> String {
    if frame_bytes == WHOLE {
        "the whole pack".to_owned()
    } else {
        format!("frames of {} KiB", frame_bytes / KIB)
    }
}

/// The size of all frames, of whole chunks each.
fn compress(pieces: &[Piece], way: Way) -> Result<u64, Failure> {
    let mut compressor = Compressor::new(way.level)?;
    compressor.include_checksum(true)?;
    if way.long_window {
        compressor.window_log(LONG_WINDOW_LOG)?;
        compressor.long_distance_matching(true)?;
    }
    let (mut frame, mut stored_bytes) = (Vec::new(), 0);
    for piece in pieces {
        if !frame.is_empty() && piece.bytes.len() > way.frame_bytes - frame.len() {
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

/// How long a processor has worked for this thread. All that is measured here is done by one.
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
