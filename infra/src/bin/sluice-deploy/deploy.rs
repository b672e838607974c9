//! `sluice-deploy up`: deploys a stage after showing what would change.

use clap::Args;
use std::path::PathBuf;

use sluice_infra::template;

use crate::aws::Aws;
use crate::bucket::Bucket;
use crate::packages::Uploaded;
use crate::proposal::Proposal;
use crate::stage::Stage;
use crate::target::{Outcome, Target, workspace_dir};
use crate::{packages, page, preflight, prompt, stack};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Deploy the functions' executables of this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Deploy the web page of this folder instead of building it
    #[arg(long, value_name = "FOLDER")]
    page: Option<PathBuf>,
}

pub(crate) async fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.target.stage)?;
    let aws = Aws::open(&stage, &options.target).await?;
    let template = stage.with_names(&template::assemble(&workspace_dir())?)?;
    for warning in preflight::warnings(&aws, &stage, &template).await? {
        println!("WARNING: {warning}");
    }
    let page = if stage.serves_page() { Some(page::build(options.page.as_deref())?) } else { None };
    let artifacts = packages::build(&stage, options.functions.as_deref()).await?;
    let uploaded = packages::upload(&aws, &stage, artifacts, template).await?;

    println!("stack {} of account {} in {}", stage.stack, stage.account, stage.region);
    let proposal = Proposal::make(&aws, &stage, &uploaded).await?;
    match proposal.review().await? {
        Some(changes) => {
            print!("{changes}");
            if !options.target.yes && !prompt::agrees("Deploy this?")? {
                proposal.withdraw().await?;
                return Err("nothing was deployed".into());
            }
            if page.is_none() {
                empty_page_bucket(&aws, &proposal.stack_id).await?;
            }
            proposal.execute(&changes).await?;
            if changes.import_data() {
                update_what_was_imported(&aws, &stage, &uploaded).await?;
            }
        }
        None => println!("the stack needs no change"),
    }
    let outputs = stack::outputs(stack::get(&aws, &stage.stack).await?);
    if let (Some(page), Some(name)) = (page, outputs.get(page::BUCKET_OUTPUT)) {
        page::upload(&Bucket { aws: &aws, name }, &page).await?;
    }
    for (name, value) in &outputs {
        println!("  {name:<32} {value}");
    }
    Ok(())
}

/// Empties the bucket of a page that will no longer be served. `CloudFormation` cannot delete a bucket with
/// objects.
async fn empty_page_bucket(aws: &Aws, stack_id: &str) -> Outcome {
    match stack::outputs(stack::get(aws, stack_id).await?).get(page::BUCKET_OUTPUT) {
        Some(name) => Bucket { aws, name }.delete_all_objects().await,
        None => Ok(()),
    }
}

/// Gives imported tables and buckets the properties of the template: an import leaves them as they were, such
/// as CORS rules for a distribution that is gone.
async fn update_what_was_imported(aws: &Aws, stage: &Stage, uploaded: &Uploaded) -> Outcome {
    println!("updating what was imported");
    let proposal = Proposal::revert_drift(aws, stage, uploaded).await?;
    match proposal.review().await? {
        Some(changes) => {
            print!("{changes}");
            proposal.execute(&changes).await
        }
        None => Ok(()),
    }
}
