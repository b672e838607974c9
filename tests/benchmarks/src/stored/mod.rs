//! Measures the stored size of twenty versions of a source tree, beside other deduplicating programs.

mod chunks;
pub mod drain;
mod peer;
mod steps;
pub mod trees;
mod usage;

use sluice_tests::Deployed;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bench_stack::BenchStack;
use crate::figure::{grouped, times};
use crate::table::Table;
use crate::{Failure, builds, command, debian};
use peer::Peer;
use usage::Usage;

/// Stores all versions with each contender and prints tables.
pub async fn measure(builds: &builds::BuildOptions) -> Result<(), Failure> {
    let versions = debian::versions(&peer::PROGRAMS).await?;
    let bench = BenchStack::start(builds).await?;
    let folder = bench.folder.path().join("stored");
    fs::create_dir(&folder)?;
    let trees = trees::fetch(&folder).await?;
    let mut logical_bytes = 0;
    for tree in &trees {
        logical_bytes += trees::size_bytes(tree)?;
    }

    let (sent, usage) = store_with_sluice(&bench, &folder, &trees).await?;
    let mut rows = vec![
        ("Sluice: objects, and what is inline in rows".to_owned(), usage.content_bytes()),
        ("Sluice, with all rows".to_owned(), usage.all_bytes()),
        ("Sluice before compress-pack is done and old objects are swept".to_owned(), sent.content_bytes()),
    ];
    for (number, peer) in Peer::ALL.iter().enumerate() {
        let peer_folder = folder.join(format!("peer-{number}"));
        fs::create_dir(&peer_folder)?;
        rows.extend(peer.store(&trees, &peer_folder).await?);
        fs::remove_dir_all(&peer_folder)?;
    }
    let steps = steps::table(&trees, logical_bytes)?;
    bench.shutdown().await;

    let [first, .., last] = trees::RELEASES;
    println!("### Stored bytes of {} versions\n", trees.len());
    println!("{} {first} to {last}, {} bytes. Peers: {versions}.\n", trees::PACKAGE, grouped(logical_bytes));
    let mut table = Table::new(&["", "stored, bytes", "all versions / stored"]);
    for (name, stored_bytes) in rows {
        table.row(&[name, grouped(stored_bytes), times(logical_bytes, stored_bytes)]);
    }
    println!("{table}\nWhere Sluice's bytes are:\n\n{}", usage_table(&usage));
    println!("What each step saves:\n\n{steps}");
    Ok(())
}

/// Puts the trees to the same path, each after the one before is available. Returns the usage then, and the
/// usage after everything is compressed and old objects are deleted.
async fn store_with_sluice(
    bench: &BenchStack,
    folder: &Path,
    trees: &[PathBuf],
) -> Result<(Usage, Usage), Failure> {
    for (tree, release) in trees.iter().zip(trees::RELEASES) {
        eprintln!("· Sluice, {release}");
        // All have the same name, so that they are versions of the same files.
        let current = folder.join("tree");
        fs::rename(tree, &current)?;
        command::run(bench.put(&current, "tree")).await?;
        fs::rename(&current, tree)?;
        bench.wait_until_idle().await?;
    }
    let sent = Usage::read(bench).await?;
    eprintln!("· Sluice, compressing");
    drain::wait_until_compressed(bench).await?;
    drain::sweep(&Deployed::of(&bench.stack).deployment()).await?;
    Ok((sent, Usage::read(bench).await?))
}

fn usage_table(usage: &Usage) -> Table {
    let mut table = Table::new(&["place", "bytes"]);
    for (place, size_bytes) in &usage.objects {
        table.row(&[place.as_str(), &grouped(*size_bytes)]);
    }
    table.row(&["inline in rows", &grouped(usage.inline_bytes)]);
    for (name, size_bytes) in &usage.rows {
        table.row(&[format!("other attributes of {name}"), grouped(*size_bytes)]);
    }
    table
}
