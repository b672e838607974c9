//! `account`: invites people, makes and lists accounts, changes quotas and passwords, suspends.

use serde_json::json;
use sluice_deployment::clock;
use sluice_domain::account::{Account, NewAccount, Username};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::invitation::Invitation;
use sluice_domain::password::{self, Password};
use sluice_domain::time::Timestamp;
use sluice_storage::Tables;
use sluice_storage::tables::{QuotaChanged, Registered, Update};
use std::io;
use std::time::Duration;

use crate::arguments::{AccountsCommand, NewPassword};
use crate::error::{Error, Result};
use crate::output::{Output, size, table};
use crate::settings::DeploymentAccess;

pub async fn run(command: &AccountsCommand, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let tables = access.deployment.tables()?;
    match command {
        AccountsCommand::List => list(&tables, output).await,
        AccountsCommand::Invite { quota, expires } => invite(&tables, *quota, *expires, output).await,
        AccountsCommand::Create { password, quota } => {
            let quota = quota.map_or_else(|| access.deployment.default_quota_bytes(), Ok)?;
            create(&tables, password, quota, output).await
        }
        AccountsCommand::Quota { name, quota } => change_quota(&tables, name, *quota, output).await,
        AccountsCommand::Suspend { name } => suspend(&tables, name, output).await,
        AccountsCommand::Resume { name } => {
            exists(name, tables.set_suspended(name, None).await?)?;
            done(name, "resumed", output)
        }
        AccountsCommand::ResetPassword(new) => reset_password(&tables, new, output).await,
    }
}

async fn list(tables: &Tables, output: &Output) -> Result<()> {
    let mut accounts = tables.accounts().await?;
    accounts.sort_by(|one, other| one.username.as_str().cmp(other.username.as_str()));
    let lines = table(&accounts.iter().map(columns).collect::<Vec<_>>());
    for (account, line) in accounts.iter().zip(lines) {
        let value = json!({
            "username": account.username,
            "account_id": account.account_id,
            "quota_bytes": account.quota_bytes,
            "used_bytes": account.used_bytes,
            "reserved_bytes": account.reserved_bytes,
            "row_bytes": account.row_bytes,
            "unfinished_uploads": account.unfinished_uploads,
            "created_at": account.created_at,
            "suspended_at": account.suspended_at,
        });
        output.result(&value, || line)?;
    }
    Ok(())
}

fn columns(account: &Account) -> [String; 8] {
    [
        account.username.to_string(),
        account.account_id.to_string(),
        format!("{} used", size(account.used_bytes)),
        format!("{} reserved", size(account.reserved_bytes)),
        format!("{} of rows", size(account.row_bytes)),
        format!("quota {}", size(account.quota_bytes)),
        format!("{} unfinished uploads", account.unfinished_uploads),
        account.suspended_at.map(|since| format!("suspended {since}")).unwrap_or_default(),
    ]
}

/// A text that nobody guesses. Its beginning says what it is.
async fn invite(tables: &Tables, quota: Option<u64>, life: Duration, output: &Output) -> Result<()> {
    let text = format!("sluice_invitation_{}", hex::encode(random::<32>()?));
    let expires_at = clock::now().after(life).unix_seconds();
    let invitation_sha256 = Sha256::of(text.as_bytes());
    tables.create_invitation(&Invitation { invitation_sha256, quota_bytes: quota, expires_at }).await?;
    let until = Timestamp::from_unix_milliseconds(expires_at * 1000);
    output.secret(&json!({ "invitation": text, "expires_at": until }), &text, || text.clone())?;
    output.line(&format!("valid once, until {until}"))
}

async fn create(tables: &Tables, new: &NewPassword, quota_bytes: u64, output: &Output) -> Result<()> {
    let chosen = Chosen::of(new)?;
    let now = clock::now();
    let account = Account::from(NewAccount {
        username: new.name.clone(),
        account_id: AccountId::new(now, random()?),
        password_hash: hash(&chosen.password)?,
        quota_bytes,
        created_at: now,
    });
    match tables.create_account(&account).await? {
        Registered::Done => chosen.show(&new.name, "created", output),
        Registered::UsernameTaken | Registered::InvitationInvalid => {
            Err(Error::Usage(format!("the user name {} is taken", new.name)))
        }
    }
}

async fn change_quota(tables: &Tables, name: &Username, quota: u64, output: &Output) -> Result<()> {
    let account = tables.account(name).await?.ok_or_else(|| unknown(name))?;
    match tables.set_quota(&account, quota).await? {
        QuotaChanged::Done => done(name, "changed", output),
        QuotaChanged::BelowUse => {
            let now = tables.account(name).await?.ok_or_else(|| unknown(name))?;
            let taken = size(now.used_bytes + now.reserved_bytes + now.row_bytes);
            Err(Error::Usage(if now.quota_bytes == account.quota_bytes {
                format!("{name} uses, reserves and takes by rows {taken}; the quota cannot be less")
            } else {
                format!("somebody else has just changed the quota of {name}; run the command again")
            }))
        }
    }
}

/// A login that is under way begins no session once the account is marked, so none is left.
async fn suspend(tables: &Tables, name: &Username, output: &Output) -> Result<()> {
    exists(name, tables.set_suspended(name, Some(clock::now())).await?)?;
    end_sessions(tables, name).await?;
    done(name, "suspended", output)
}

async fn reset_password(tables: &Tables, new: &NewPassword, output: &Output) -> Result<()> {
    let chosen = Chosen::of(new)?;
    exists(&new.name, tables.reset_password(&new.name, &hash(&chosen.password)?).await?)?;
    end_sessions(tables, &new.name).await?;
    chosen.show(&new.name, "changed", output)
}

async fn end_sessions(tables: &Tables, name: &Username) -> Result<()> {
    let account = tables.account(name).await?.ok_or_else(|| unknown(name))?;
    Ok(tables.end_sessions(account.account_id, None).await?)
}

fn exists(name: &Username, update: Update) -> Result<()> {
    match update {
        Update::Done => Ok(()),
        Update::Refused => Err(unknown(name)),
    }
}

fn unknown(name: &Username) -> Error {
    Error::Usage(format!("there is no account {name}"))
}

fn done(name: &Username, outcome: &str, output: &Output) -> Result<()> {
    output.result(&json!({ "username": name, "outcome": outcome }), || format!("{outcome}  {name}"))
}

/// A new password, and whether it was made here.
struct Chosen {
    password: Password,
    origin: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The operator knows the password already.
    StandardInput,
    Generated,
}

impl Chosen {
    fn of(new: &NewPassword) -> Result<Self> {
        if !new.password_stdin {
            return Ok(Self { password: Password::generate(&random()?), origin: Origin::Generated });
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(Error::local("standard input".as_ref()))?;
        let password = Password::choose(line.trim_end_matches(['\r', '\n']), &new.name)
            .map_err(|why| Error::Usage(why.to_string()))?;
        Ok(Self { password, origin: Origin::StandardInput })
    }

    fn show(&self, name: &Username, outcome: &str, output: &Output) -> Result<()> {
        if self.origin == Origin::StandardInput {
            return done(name, outcome, output);
        }
        let password = self.password.reveal();
        let value = json!({ "username": name, "outcome": outcome, "password": password });
        output.secret(&value, password, || format!("{outcome}  {name}  {password}"))?;
        output.line("the password is not shown again; `sluice password` changes it")
    }
}

fn hash(password: &Password) -> Result<String> {
    Ok(password::hash(password, &random()?)?)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
