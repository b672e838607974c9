//! Measures speed, savings and memory of compress-pack, beside the `zstd` command.

mod corpus;

use clap::Args;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::hash::Sha256;
use sluice_localstack::{Settings, Stack};
use sluice_packs::subject;
use sluice_tests::Deployed;
use std::fs;
use std::path::Path;
use tokio::process::Command;

use crate::debian::Program;
use crate::figure::grouped;
use crate::invocation::{Function, ResourceUsage, process_alone};
use crate::table::Table;
use crate::uploads::Uploader;
use crate::watched::{self, Watched};
use crate::{Failure, debian};
use corpus::Corpus;

/// The system counts hundredths of a second, so shorter times are meaningless.
const MEASURABLE_SECONDS: f64 = 0.1;
const ZSTD: [Program; 1] = [Program { name: "zstd", package: "zstd", version_argument: "--version" }];
const PEERS: [&[&str]; 2] = [&["-9", "-T1"], &["-9", "--long", "-T1"]];

#[derive(Debug, Args)]
pub struct CompressOptions {
    /// Size of each kind of file, in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    corpus_mib: usize,
}

/// The result of a contender.
struct Outcome {
    stored_bytes: u64,
    processor_seconds: f64,
    peak_resident_kib: u64,
}

/// Compresses each kind of file with every contender and prints a table.
pub async fn measure(options: &CompressOptions) -> Result<(), Failure> {
    let versions = debian::versions(&ZSTD).await?;
    let folder = tempfile::tempdir()?;
    let mut settings = Settings::new(folder.path().join("state")).parameter("WorkersEnabled", "false");
    settings.report = |step| eprintln!("· {step}");
    let stack = Stack::start(settings).await?;
    let deployed = Deployed::of(&stack);

    let columns = ["content", "", "stored, bytes", "saved", "MB/s of one core", "peak memory"];
    let mut table = Table::new(&columns);
    for corpus in Corpus::ALL {
        eprintln!("· {}", corpus.name());
        let file = folder.path().join("corpus");
        corpus.make(&file, options.corpus_mib << 20).await?;
        let size_bytes = fs::metadata(&file)?.len();
        let outcome = by_compress_pack(&deployed, &file).await?;
        table.row(&cells(corpus, "compress-pack", size_bytes, &outcome));
        for arguments in PEERS {
            let outcome = by_zstd(arguments, &file).await?;
            table.row(&cells(corpus, &format!("`zstd {}`", arguments.join(" ")), size_bytes, &outcome));
        }
        fs::remove_file(file)?;
    }
    println!("### compress-pack\n\n{} MiB of each. Peer: {versions}.\n\n{table}", options.corpus_mib);
    stack.shutdown().await;
    Ok(())
}

async fn by_compress_pack(deployed: &Deployed, file: &Path) -> Result<Outcome, Failure> {
    let content = fs::read(file)?;
    let uploader = Uploader::register(deployed).await?;
    let landed = uploader.upload("corpus", &content).await?;
    process_alone(deployed, Function::DedupUpload, &[landed]).await?;
    let account_id = uploader.account_id;
    let of = Subject::Blob(Sha256::of(&content));
    let event = PackEvent::PackWritten { account_id, of: of.clone() };
    let ResourceUsage { processor_seconds, peak_resident_kib } =
        process_alone(deployed, Function::CompressPack, &[event.to_json()]).await?;
    let deployment = deployed.deployment();
    let tables = deployment.tables()?;
    let buckets = deployment.pack_buckets()?;
    let packs = subject::find(&tables, &buckets, account_id, &of).await?;
    let mut stored_bytes = 0;
    for batch in packs.batches() {
        let rows = tables.packs(batch).await?;
        stored_bytes += rows.iter().map(|pack| pack.placement.length).sum::<u64>();
    }
    Ok(Outcome { stored_bytes, processor_seconds, peak_resident_kib })
}

async fn by_zstd(arguments: &[&str], file: &Path) -> Result<Outcome, Failure> {
    let packed = file.with_extension("zst");
    let mut zstd = Command::new("zstd");
    zstd.args(arguments).args(["--quiet", "--force", "-o"]).arg(&packed).arg(file);
    let Watched { processor_seconds, peak_resident_kib, .. } = watched::run(zstd).await?;
    let stored_bytes = fs::metadata(&packed)?.len();
    fs::remove_file(packed)?;
    Ok(Outcome { stored_bytes, processor_seconds, peak_resident_kib })
}

#[expect(clippy::cast_precision_loss, reason = "some digits are printed")]
fn cells(corpus: Corpus, contender: &str, size_bytes: u64, outcome: &Outcome) -> [String; 6] {
    let Outcome { stored_bytes, processor_seconds, peak_resident_kib } = *outcome;
    let rate = (processor_seconds >= MEASURABLE_SECONDS)
        .then(|| format!("{:.0}", size_bytes as f64 / processor_seconds / 1e6));
    [
        corpus.name().to_owned(),
        contender.to_owned(),
        grouped(stored_bytes),
        format!("{:.1} %", 100.0 - 100.0 * stored_bytes as f64 / size_bytes as f64),
        rate.unwrap_or_else(|| format!("– ({processor_seconds:.2} s in all)")),
        format!("{} MiB", peak_resident_kib.div_ceil(1024)),
    ]
}
