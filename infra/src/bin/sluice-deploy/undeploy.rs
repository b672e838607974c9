//! `sluice-deploy down`: deletes a stage's stack, and its data if asked to.

use clap::Args;
use serde_json::Value;

use sluice_infra::template;

use crate::aws::{Aws, items, text};
use crate::progress::Progress;
use crate::stage::Stage;
use crate::target::{Outcome, Target};
use crate::{page, prompt, stack};

/// Buckets of objects that can be recreated. `CloudFormation` cannot delete a bucket with objects.
const EMPTIED: [&str; 2] = ["CacheBucketName", "PageBucketName"];

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Also delete all accounts, files and blobs for ever; asks a second time
    #[arg(long)]
    delete_data: bool,
}

/// A table or bucket that outlives the stack.
struct Kept {
    is_table: bool,
    name: String,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.target.stage)?;
    let aws = Aws::open(&stage, &options.target)?;
    let stack_id = stack::id(&aws, &stage.stack)?;
    let kept = kept(&aws, &stage.stack)?;

    println!(
        "stack {} of account {} in {} will be deleted, with its functions, queues, logs and API",
        stage.stack, aws.account, stage.region
    );
    let fate = if options.delete_data { "will be deleted" } else { "stays" };
    for Kept { is_table, name } in &kept {
        println!("  {} {name} {fate}", if *is_table { "table " } else { "bucket" });
    }
    if !options.target.yes && !prompt::agrees("Delete this stack?")? {
        return Err("nothing was deleted".into());
    }
    if options.delete_data {
        let question =
            format!("All data of {0} will be lost for ever. Type the stack's name to continue:", stage.stack);
        if !prompt::types(&question, &stage.stack)? {
            return Err("nothing was deleted".into());
        }
    }
    let outputs = stack::outputs(&aws, &stage.stack)?;
    let buckets: Vec<&String> = EMPTIED.iter().filter_map(|output| outputs.get(*output)).collect();
    if let Err(error) = remove(&aws, &stack_id, &buckets) {
        // A function that was still running may have written to the cache again.
        println!("trying again: {error}");
        remove(&aws, &stack_id, &buckets)?;
    }
    if options.delete_data {
        kept.iter().try_for_each(|kept| delete(&aws, kept))?;
        delete(&aws, &Kept { is_table: false, name: stage.artifact_bucket() })?;
    } else {
        println!(
            "the tables and buckets above stay, and {} with the code; deploy again to use them",
            stage.artifact_bucket()
        );
    }
    Ok(())
}

/// Empties those of the `buckets` that exist, then deletes the stack.
fn remove(aws: &Aws, stack_id: &str, buckets: &[&String]) -> Outcome {
    for bucket in buckets {
        if aws.json(&["s3api", "head-bucket", "--bucket", bucket]).is_ok() {
            page::empty(aws, bucket)?;
        }
    }
    let progress = Progress::new(aws, stack_id)?;
    aws.json(&["cloudformation", "delete-stack", "--stack-name", stack_id])?;
    progress.follow(&["DELETE_COMPLETE"])
}

/// The resources that the deployed template retains. Today's template may retain others.
fn kept(aws: &Aws, stack: &str) -> Outcome<Vec<Kept>> {
    let answer = aws.json(&["cloudformation", "get-template", "--stack-name", stack])?;
    let retained = template::retained(text(&answer["TemplateBody"]));
    let listed = aws.json(&["cloudformation", "list-stack-resources", "--stack-name", stack])?;
    let is_retained = |resource: &&Value| retained.contains(&text(&resource["LogicalResourceId"]));
    let resources = items(&listed["StackResourceSummaries"]).iter().filter(is_retained);
    let kept = resources.map(|resource| Kept {
        is_table: text(&resource["ResourceType"]) == "AWS::DynamoDB::Table",
        name: text(&resource["PhysicalResourceId"]).to_owned(),
    });
    Ok(kept.collect())
}

fn delete(aws: &Aws, Kept { is_table, name }: &Kept) -> Outcome {
    println!("deleting {name}");
    if *is_table {
        aws.json(&["dynamodb", "update-table", "--table-name", name, "--no-deletion-protection-enabled"])?;
        // A table cannot be deleted while it changes.
        aws.json(&["dynamodb", "wait", "table-exists", "--table-name", name])?;
        aws.json(&["dynamodb", "delete-table", "--table-name", name])?;
        return Ok(());
    }
    aws.show(&["s3", "rb", "--force", &format!("s3://{name}")])
}
