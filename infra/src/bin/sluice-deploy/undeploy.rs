//! `sluice-deploy down`.

use clap::Args;
use serde_json::Value;

use sluice_infra::template;

use crate::{
    Outcome, Target,
    aws::{Aws, items, text},
    deploy::outputs,
    page,
    progress::Progress,
    prompt,
    stage::Stage,
};

/// Buckets whose objects can be made again. `CloudFormation` deletes no bucket that has any.
const EMPTIED: [&str; 2] = ["CacheBucketName", "PageBucketName"];

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Delete all accounts, files and contents too, for ever; asks once more
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
    let stack_id = stack_id(&aws, &stage.stack)?;
    let kept = kept(&aws, &stage.stack)?;

    println!(
        "stack {} of account {} in {} goes, with its functions, queues, logs and API",
        stage.stack, aws.account, stage.region
    );
    let fate = if options.delete_data { "goes too" } else { "stays" };
    for Kept { is_table, name } in &kept {
        println!("  {} {name} {fate}", if *is_table { "table " } else { "bucket" });
    }
    if !options.target.yes && !prompt::agrees("Delete this stack?")? {
        return Err("nothing was deleted".into());
    }
    if options.delete_data {
        let question =
            format!("All data of {0} is lost for ever. Type the stack's name to go on:", stage.stack);
        if !prompt::types(&question, &stage.stack)? {
            return Err("nothing was deleted".into());
        }
    }
    let outputs = outputs(&aws, &stage.stack)?;
    let buckets: Vec<&String> = EMPTIED.iter().filter_map(|output| outputs.get(*output)).collect();
    if let Err(error) = remove(&aws, &stack_id, &buckets) {
        // A function that was still at work may have filled the cache again.
        println!("once more, since it {error}");
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

/// Deletes the stack, and before it what is in `buckets`, as far as they are there.
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

fn stack_id(aws: &Aws, stack: &str) -> Outcome<String> {
    let described = aws.json(&["cloudformation", "describe-stacks", "--stack-name", stack])?;
    Ok(text(&described["Stacks"][0]["StackId"]).to_owned())
}

/// What the deployed template retains, which need not be what today's does.
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
        // A table that is being changed is not deleted.
        aws.json(&["dynamodb", "wait", "table-exists", "--table-name", name])?;
        aws.json(&["dynamodb", "delete-table", "--table-name", name])?;
        return Ok(());
    }
    aws.show(&["s3", "rb", "--force", &format!("s3://{name}")])
}
