//! Runs `mv`, `rm` and `restore`.

use serde::Serialize;
use sluice_contracts::files::FileChange;
use sluice_domain::id::{FileId, VersionId};

use crate::api::Api;
use crate::arguments::{FileReference, MoveArguments, destination};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lookup::find;
use crate::output::{Failure, printable};
use crate::tally::Tally;

/// Renames a file, unless it was changed meanwhile.
pub async fn mv(arguments: &MoveArguments, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let version = find(&api, &arguments.from).await?;
    let path = destination(&arguments.to, version.path.file_name())
        .map_err(|why| Error::InvalidPath { path: version.path.to_string(), why })?;
    let change = FileChange { path: Some(path), overwrite: arguments.force, ..FileChange::default() };
    let renamed = api.change_file(version.file_id, &change, version.version_id).await?;
    context.output.result(&renamed, || {
        format!("{} is now {}", printable(version.path.as_str()), printable(renamed.path.as_str()))
    })
}

/// One line of `rm --json`.
#[derive(Serialize)]
struct Removal {
    path: String,
    outcome: &'static str,
    file_id: Option<FileId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// Deletes files, each unless it was changed meanwhile.
pub async fn rm(references: &[FileReference], context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let mut tally = Tally::default();
    for reference in references {
        let path = reference.to_string();
        let (removal, outcome) = match remove(&api, reference).await {
            Ok(file_id) => {
                (Removal { path, outcome: "deleted", file_id: Some(file_id), error: None }, Ok(()))
            }
            Err(error) => {
                context.output.failure(&format!("{path}: "), &error);
                let failure = Some(Failure::from(&error));
                (Removal { path, outcome: "failed", file_id: None, error: failure }, Err(error))
            }
        };
        tally.add(&outcome);
        context.output.result(&removal, || {
            let id = removal
                .file_id
                .map(|file_id| format!("  (`sluice versions id:{file_id}` lists what can be restored)"));
            format!("{:8}  {}{}", removal.outcome, printable(&removal.path), id.unwrap_or_default())
        })?;
    }
    tally.finish(&context.output, "deleted")
}

async fn remove(api: &Api, reference: &FileReference) -> Result<FileId> {
    let version = find(api, reference).await?;
    api.delete_file(version.file_id, version.version_id).await?;
    Ok(version.file_id)
}

/// Makes an earlier version current again. With a path, fails if the file was changed meanwhile. A deleted
/// file can only be referred to by id.
pub async fn restore(reference: &FileReference, version_id: VersionId, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let (file_id, expected) = match reference {
        FileReference::Path(_) => {
            let version = find(&api, reference).await?;
            (version.file_id, Some(version.version_id))
        }
        FileReference::Id(file_id) => (*file_id, None),
    };
    let restored = api.restore_version(file_id, version_id, expected).await?;
    context.output.result(&restored, || {
        format!("{} has the bytes of version {version_id} again", printable(restored.path.as_str()))
    })
}
