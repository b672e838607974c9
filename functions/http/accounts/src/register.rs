//! Registers accounts, as the deployment allows.

use http::StatusCode;
use sluice_contracts::accounts::{AccountCreated, Credentials};
use sluice_contracts::problem::Code;
use sluice_domain::account::{Account, NewAccount, Username};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::invitation::{Invitation, Registration};
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::Registered;

use crate::app::App;
use crate::password;

pub async fn register(app: &App, call: &Call) -> Result<Reply, Failure> {
    if app.registration == Registration::Closed {
        let detail = "nobody can register here; ask the operator for an account";
        return Err(Failure::new(Code::RegistrationClosed, detail));
    }
    let credentials: Credentials = call.json()?;
    // Before everything else: without an invitation nobody learns which names are taken.
    let invitation = invitation(app, call, credentials.invitation.as_deref()).await?;
    let username =
        Username::parse(&credentials.username).map_err(|error| Failure::invalid(error).about("username"))?;
    let password = password::choose(&credentials.password, &username, "password")?;
    let quota_bytes = invitation.as_ref().and_then(|invitation| invitation.quota_bytes);
    let account = Account::from(NewAccount {
        account_id: AccountId::new(call.now, call.random()?),
        password_hash: password::hash(call, &password)?,
        quota_bytes: quota_bytes.unwrap_or(app.default_quota_bytes),
        created_at: call.now,
        username,
    });
    let registered = match &invitation {
        Some(invitation) => {
            app.tables.create_invited_account(&account, &invitation.invitation_sha256).await?
        }
        None => app.tables.create_account(&account).await?,
    };
    match registered {
        Registered::Done => {
            let username = account.username.to_string();
            Reply::json(StatusCode::CREATED, &AccountCreated { account_id: account.account_id, username })
        }
        Registered::UsernameTaken => {
            let detail = format!("the user name {} is taken; choose another, or log in", account.username);
            Err(Failure::new(Code::UsernameTaken, detail).about("username"))
        }
        Registered::InvitationInvalid => Err(invalid_invitation()),
    }
}

/// The invitation of a call, which must be valid if there is one. None where anybody may register.
async fn invitation(app: &App, call: &Call, text: Option<&str>) -> Result<Option<Invitation>, Failure> {
    match text {
        Some(text) => {
            let found = app.tables.invitation(&Sha256::of(text.as_bytes()), call.now).await?;
            found.map(Some).ok_or_else(invalid_invitation)
        }
        None if app.registration == Registration::Open => Ok(None),
        None => Err(invalid_invitation()),
    }
}

fn invalid_invitation() -> Failure {
    let detail = "registration needs an invitation that has neither been used nor expired; ask the operator";
    Failure::new(Code::InvitationInvalid, detail).about("invitation")
}
