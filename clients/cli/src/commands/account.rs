//! Runs `register`, `login`, `logout` and `whoami`.

use sluice_contracts::accounts::{AccountView, Credentials, Login};
use sluice_domain::account::Password;
use std::io::{self, IsTerminal as _};

use crate::api::Api;
use crate::arguments::CredentialArguments;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{self, printable};
use crate::session::Session;

/// What a password is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    LogIn,
    /// A typing error, which nobody sees, would lock the user out, so it is asked for twice.
    NewAccount,
}

/// Creates an account and logs in.
pub async fn register(arguments: &CredentialArguments, context: &Context) -> Result<()> {
    let api = anonymous(context)?;
    let credentials = credentials(arguments, Purpose::NewAccount)?;
    api.create_account(&credentials).await?;
    begin_session(&api, credentials, context).await
}

pub async fn login(arguments: &CredentialArguments, context: &Context) -> Result<()> {
    let api = anonymous(context)?;
    let credentials = credentials(arguments, Purpose::LogIn)?;
    begin_session(&api, credentials, context).await
}

/// Forgets the session on this machine, and ends it on the server.
pub async fn logout(context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let ended = api.delete_session().await;
    // Delete the token from this machine even if the server does not answer.
    context.session_file.remember(api.url().clone(), None)?;
    match ended {
        Ok(()) | Err(Error::NotLoggedIn { .. }) => {}
        Err(error) => return Err(error),
    }
    context
        .output
        .result(&serde_json::json!({ "logged_out": true }), || format!("logged out of {}", api.url()))
}

pub async fn whoami(context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    show(&api.account().await?, &api, context)
}

fn anonymous(context: &Context) -> Result<Api> {
    let url = context.session_file.api()?;
    if url.is_exposed() {
        context
            .output
            .note(&format!("warning: {url} is not encrypted: anyone on the way can read the password"));
    }
    Api::new(url, None)
}

async fn begin_session(api: &Api, credentials: Credentials, context: &Context) -> Result<()> {
    let Credentials { username, password } = credentials;
    let created = api.create_session(&Login { username, password, cookie: false }).await?;
    let token = created.token.ok_or_else(|| Error::UnexpectedAnswer("a session without a token".into()))?;
    let api = Api::new(api.url().clone(), Some(&token))?;
    let account = api.account().await?;
    let session = Session {
        account_id: account.account_id,
        username: account.username.clone(),
        token,
        expires_at: created.expires_at,
    };
    context.session_file.remember(api.url().clone(), Some(session))?;
    show(&account, &api, context)
}

fn show(account: &AccountView, api: &Api, context: &Context) -> Result<()> {
    context.output.result(account, || {
        let used = output::size(account.used_bytes);
        let quota = output::size(account.quota_bytes);
        let reserved = output::size(account.reserved_bytes);
        let name = printable(&account.username);
        format!("{name} at {}: {used} of {quota} used, {reserved} reserved by uploads", api.url())
    })
}

fn credentials(arguments: &CredentialArguments, purpose: Purpose) -> Result<Credentials> {
    let CredentialArguments { name, password_stdin } = arguments;
    let password = if *password_stdin { read_line()? } else { ask(&format!("Password for {name}: "))? };
    if purpose == Purpose::NewAccount {
        // Before anybody types it again.
        Password::parse(&password).map_err(|why| Error::Usage(why.to_string()))?;
        if !password_stdin && ask("Again: ")? != password {
            return Err(Error::Usage("the two passwords are different".to_owned()));
        }
    }
    Ok(Credentials { username: name.clone(), password })
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(standard_input)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Error::Usage("there is no password on standard input".to_owned()));
    }
    Ok(password.to_owned())
}

fn ask(prompt: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        return Err(Error::Usage("no terminal to ask for the password: use --password-stdin".to_owned()));
    }
    rpassword::prompt_password(prompt).map_err(standard_input)
}

fn standard_input(error: io::Error) -> Error {
    Error::local("standard input".as_ref())(error)
}
