//! How much memory dedup-upload takes for a large object.

use clap::Args;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

use crate::process_tree::{ProcessId, processes_of_function};
use crate::site::Site;
use crate::table::Table;
use crate::{Failure, builds, command, put};

/// What to measure.
#[derive(Debug, Args)]
pub struct WorkerMemoryOptions {
    /// Size of the object that dedup-upload verifies, in MiB
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    object_mib: u64,
}

/// The peaks of all processes of dedup-upload, those that have ended included.
#[derive(Default)]
struct Peaks(BTreeMap<ProcessId, u64>);

impl Peaks {
    fn update(&mut self) {
        for process in processes_of_function("-dedup-upload") {
            if let Some(peak_kib) = process.peak_resident_kib() {
                self.0.insert(process, peak_kib);
            }
        }
    }

    fn highest_mib(&self) -> Result<u64, Failure> {
        let highest_kib = self.0.values().max().ok_or("no process of dedup-upload was seen")?;
        Ok(highest_kib.div_ceil(1024))
    }
}

/// Uploads a small object and a large one, and prints what the worker's peak was after each.
pub async fn measure(options: &WorkerMemoryOptions, builds: &builds::BuildOptions) -> Result<(), Failure> {
    let site = Site::start(builds).await?;
    let mut peaks = Peaks::default();
    let mut table = Table::new(&["after verifying", "peak resident memory of dedup-upload"]);
    for (name, size_bytes) in
        [("10 KiB".to_owned(), 10 << 10), (format!("{} MiB", options.object_mib), options.object_mib << 20)]
    {
        upload(&site, size_bytes, &mut peaks).await?;
        table.row(&[name, format!("{} MiB", peaks.highest_mib()?)]);
    }
    site.shutdown().await;
    println!("### Memory of dedup-upload\n\n{table}");
    Ok(())
}

/// Puts a file of this size and looks at the worker all the while: a process that ends takes its peak with it.
async fn upload(site: &Site, size_bytes: u64, peaks: &mut Peaks) -> Result<(), Failure> {
    eprintln!("· memory of dedup-upload, {size_bytes} bytes");
    let file = site.folder.path().join("random.bin");
    put::data::write_random(&file, size_bytes)?;
    let mut put = std::pin::pin!(command::run(site.put(&file, &size_bytes.to_string())));
    loop {
        tokio::select! {
            finished = &mut put => {
                finished?;
                peaks.update();
                return Ok(());
            }
            () = sleep(Duration::from_millis(100)) => peaks.update(),
        }
    }
}
