//! `receipts`: lists the receipts of moves and imports, and checks their signatures.

use serde::Serialize;
use sluice_domain::pack_move::{Receipt, ReceiptObject};
use sluice_packs::receipt::is_genuine;

use crate::arguments::{ReceiptsArguments, ReceiptsCommand};
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::DeploymentAccess;

/// How many receipts one page has.
const PAGE: usize = 500;

/// The prefix of the scopes of imports.
pub const IMPORT_SCOPE: &str = "import#";

/// A receipt and the result of its check.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    receipt: &'a Receipt,
    /// Null without a key for the check.
    genuine: Option<bool>,
}

pub async fn run(arguments: &ReceiptsArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let own = access.signer().await?.map(|signer| signer.public_key());
    if let Some(ReceiptsCommand::Key) = arguments.command {
        let key = own.ok_or_else(|| Error::Usage("SLUICE_RECEIPT_SIGNING_KEY is not set".to_owned()))?;
        return output.result(&serde_json::json!({ "public_key": key }), || key.clone());
    }
    let tables = access.deployment.tables()?;
    let account = arguments.account.find(&tables).await?.map(|account| account.to_string());
    let scope = arguments.import.as_ref().map(|name| format!("{IMPORT_SCOPE}{name}")).or(account);
    let key = arguments.verify_with.as_ref().or(own.as_ref());
    if key.is_none() {
        output.warning("receipts cannot be checked: SLUICE_RECEIPT_SIGNING_KEY is not set");
    }
    let mut cursor = None;
    let mut count = 0_u64;
    let mut wrong = 0_u64;
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
        bucket(&receipt.source),
        bucket(&receipt.target),
        size(receipt.size),
        receipt.verified_by.as_str(),
    )
}

fn bucket(object: &ReceiptObject) -> String {
    format!("{}/{}", object.store, object.bucket)
}
