//! `sluice-deploy build`: builds what a stage deploys, so that whoever deploys it need not run a build.

use clap::Args;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sluice_infra::Build;

use crate::page;
use crate::stage::Stage;
use crate::target::{Outcome, workspace_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Stage to build for: the name of infra/stages/STAGE.json, or the path of a file
    stage: String,
    /// Folder to write `functions` and `page` to, for the options of `up`
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

pub(crate) async fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.stage)?;
    let functions = Build::Lambda(stage.architecture()?).executables(&workspace_dir()).await?;
    let page = if stage.serves_page() { page::files(&page::build(None)?)? } else { BTreeMap::new() };
    for (folder, files) in [("functions", functions), ("page", page)] {
        for (name, file) in files {
            copy(&file, &options.to.join(folder).join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from, to));
    copied.map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(())
}
