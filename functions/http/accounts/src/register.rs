//! Registers accounts, as the deployment allows.

use http::StatusCode;
use sluice_contracts::accounts::{AccountCreated, Credentials};
use sluice_contracts::problem::Code;
use sluice_domain::account::{Account, NewAccount, Username};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::invitation::{Invitation, Registration};
use sluice_domain::password::Password;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::Registered;

use crate::app::App;
use crate::{attempt, password};

pub async fn register(app: &App, call: &Call) -> Result<Reply, Failure> {
    if app.registration == Registration::Closed {
        let detail = "nobody can register here; ask the operator for an account";
        return Err(Failure::new(Code::RegistrationClosed, detail));
    }
    let credentials: Credentials = call.json()?;
    let username =
        Username::parse(&credentials.username).map_err(|error| Failure::invalid(error).about("username"))?;
    let password = password::choose(&credentials.password, &username, "password")?;
    attempt::count_registration(app, call, &username).await?;
    let Entitlement::Valid(invitation) = entitlement(app, call, credentials.invitation.as_deref()).await?
    else {
        return Err(not_entitled(app, &username, &password).await?);
    };
    let quota_bytes = invitation.as_ref().and_then(|invitation| invitation.quota_bytes);
    let account = Account::from(NewAccount {
        account_id: AccountId::new(call.now, call.random()?),
        password_hash: password::hash(call, &password)?,
        quota_bytes: quota_bytes.unwrap_or(app.default_quota_bytes),
        created_at: call.now,
        username: username.clone(),
    });
    let registered = match &invitation {
        Some(invitation) => {
            app.tables.create_invited_account(&account, &invitation.invitation_sha256).await?
        }
        None => app.tables.create_account(&account).await?,
    };
    match registered {
        Registered::Done => {
            let created = AccountCreated { account_id: account.account_id, username: username.to_string() };
            Reply::json(StatusCode::CREATED, &created)
        }
        Registered::UsernameTaken => Err(username_taken(&username)),
        Registered::InvitationInvalid => Err(not_entitled(app, &username, &password).await?),
    }
}

/// Whether a call may register an account.
enum Entitlement {
    /// With this invitation, or with none where anybody may register.
    Valid(Option<Invitation>),
    Invalid,
}

async fn entitlement(app: &App, call: &Call, text: Option<&str>) -> Result<Entitlement, Failure> {
    let Some(text) = text else {
        let is_open = app.registration == Registration::Open;
        return Ok(if is_open { Entitlement::Valid(None) } else { Entitlement::Invalid });
    };
    let found = app.tables.invitation(&Sha256::of(text.as_bytes()), call.now).await?;
    Ok(found.map_or(Entitlement::Invalid, |invitation| Entitlement::Valid(Some(invitation))))
}

/// Why a call without a valid invitation is refused. Its first try may have used the invitation up, and the
/// answer been lost: who has the account's password is told that it exists, and nobody else.
async fn not_entitled(app: &App, username: &Username, password: &Password) -> Result<Failure, Failure> {
    let account = app.tables.account(username).await?;
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    if password::matches(password, hash)? {
        return Ok(username_taken(username));
    }
    let detail = "registration needs an invitation that has neither been used nor expired; ask the operator";
    Ok(Failure::new(Code::InvitationInvalid, detail).about("invitation"))
}

fn username_taken(username: &Username) -> Failure {
    let detail = format!("the user name {username} is taken; choose another, or log in");
    Failure::new(Code::UsernameTaken, detail).about("username")
}
