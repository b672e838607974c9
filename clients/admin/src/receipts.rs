//! `receipts`: the proofs of moves, listed and checked.

use serde::Serialize;
use sluice_domain::pack_move::{Receipt, ReceiptObject};
use sluice_packs::receipt::is_genuine;

use crate::arguments::{ReceiptsArguments, ReceiptsCommand};
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::DeploymentAccess;

/// How many receipts are read at once.
const PAGE: usize = 500;

/// What the scopes of imports begin with.
pub const IMPORT: &str = "import#";

/// A receipt, and what checking it has given.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    receipt: &'a Receipt,
    /// Null if there is no key to check it with.
    genuine: Option<bool>,
}

/// Lists and checks receipts, or prints the key.
pub async fn run(arguments: &ReceiptsArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let own = access.signer().await?.map(|signer| signer.public_key());
    if let Some(ReceiptsCommand::Key) = arguments.command {
        let key = own.ok_or_else(|| Error::Usage("SLUICE_RECEIPT_SIGNING_KEY is not set".to_owned()))?;
        return output.result(&serde_json::json!({ "public_key": key }), || key.clone());
    }
    let tables = access.deployment.tables()?;
    let account = arguments.account.find(&tables).await?.map(|account| account.to_string());
    let scope = arguments.import.as_ref().map(|name| format!("{IMPORT}{name}")).or(account);
    let key = arguments.verify_with.as_ref().or(own.as_ref());
    if key.is_none() {
        output.warning("there is no key to check receipts with: SLUICE_RECEIPT_SIGNING_KEY is not set");
    }
    let (mut cursor, mut count, mut wrong) = (None, 0_u64, 0_u64);
    loop {
        let (receipts, next) = tables.receipts(scope.as_deref(), cursor, PAGE).await?;
        for receipt in &receipts {
            let genuine = key.map(|key| is_genuine(receipt, key));
            count += 1;
            wrong += u64::from(genuine == Some(false));
            output.result(&Checked { receipt, genuine }, || text(receipt, genuine))?;
        }
        let Some(next) = next else { break };
        cursor = Some(next);
    }
    if wrong > 0 {
        return Err(Error::Wrong(format!("{wrong} of {count} receipts are not genuine")));
    }
    output.line(&format!("{count} receipts"))
}

fn text(receipt: &Receipt, genuine: Option<bool>) -> String {
    let verdict = match genuine {
        Some(true) => "genuine",
        Some(false) => "NOT GENUINE",
        None => "unchecked",
    };
    format!(
        "{} {} {} -> {} {} {} {verdict}",
        receipt.moved_at,
        receipt.pack_id.map_or_else(|| receipt.source.key.clone(), |pack| pack.to_string()),
        place(&receipt.source),
        place(&receipt.target),
        size(receipt.size),
        receipt.verified_by.as_str(),
    )
}

fn place(object: &ReceiptObject) -> String {
    format!("{}/{}", object.store, object.bucket)
}
