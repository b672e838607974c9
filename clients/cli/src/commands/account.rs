//! Runs `register`, `login`, `logout`, `password` and `whoami`.

use sluice_contracts::accounts::{AccountView, Credentials, Login, PasswordChange};
use sluice_domain::account::Username;
use sluice_domain::password::Password;
use std::io::{self, IsTerminal as _};

use crate::api::Api;
use crate::arguments::{CredentialArguments, PasswordArguments, RegisterArguments};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{self, printable};
use crate::session::Session;

/// Creates an account and logs in.
pub async fn register(arguments: &RegisterArguments, context: &Context) -> Result<()> {
    let api = anonymous(context)?;
    let CredentialArguments { name, password_stdin } = &arguments.credentials;
    let username = Username::parse(name).map_err(|why| Error::Usage(why.to_string()))?;
    let source = Source::chosen(*password_stdin);
    let password = source.new_password(&format!("Password for {name}: "), &username)?;
    let login = Login { username: name.clone(), password: password.clone(), cookie: false };
    let invitation = arguments.invitation.clone();
    api.create_account(&Credentials { username: name.clone(), password, invitation }).await?;
    begin_session(&api, &login, context).await
}

pub async fn login(arguments: &CredentialArguments, context: &Context) -> Result<()> {
    let api = anonymous(context)?;
    let CredentialArguments { name, password_stdin } = arguments;
    let source = Source::chosen(*password_stdin);
    let password = source.password(&format!("Password for {name}: "))?;
    begin_session(&api, &Login { username: name.clone(), password, cookie: false }, context).await
}

/// Changes the password. All other sessions end.
pub async fn change_password(arguments: &PasswordArguments, context: &Context) -> Result<()> {
    let (api, session) = context.connect()?;
    let username = Username::parse(&session.username)
        .map_err(|why| Error::UnexpectedAnswer(format!("the session's user name: {why}")))?;
    let source = Source::chosen(arguments.password_stdin);
    let password = source.password("Present password: ")?;
    let new_password = source.new_password("New password: ", &username)?;
    api.change_password(&PasswordChange { password, new_password }).await?;
    context.output.result(&serde_json::json!({ "password_changed": true }), || {
        "the password is changed, and all other sessions have ended".to_owned()
    })
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

async fn begin_session(api: &Api, login: &Login, context: &Context) -> Result<()> {
    let created = api.create_session(login).await?;
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
        let rows = output::size(account.row_bytes);
        let (name, uploads) = (printable(&account.username), account.unfinished_uploads);
        format!(
            "{name} at {}: {used} of {quota} used, {rows} taken by rows, {reserved} reserved by {uploads} \
             unfinished uploads",
            api.url()
        )
    })
}

/// Where passwords come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Terminal,
    /// One password a line.
    StandardInput,
}

impl Source {
    fn chosen(password_stdin: bool) -> Self {
        if password_stdin { Self::StandardInput } else { Self::Terminal }
    }

    fn password(self, prompt: &str) -> Result<String> {
        match self {
            Self::Terminal => ask(prompt),
            Self::StandardInput => read_line(),
        }
    }

    /// Asks twice, because a typing error, which nobody sees, would lock the user out; but first checks what
    /// the server would refuse.
    fn new_password(self, prompt: &str, username: &Username) -> Result<String> {
        let password = self.password(prompt)?;
        Password::choose(&password, username).map_err(|why| Error::Usage(why.to_string()))?;
        if self == Self::Terminal && ask("Again: ")? != password {
            return Err(Error::Usage("the two passwords are different".to_owned()));
        }
        Ok(password)
    }
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
