//! A deployment in memory, and visitors who call its function accounts.

use accounts::{App, handle};
use http::{HeaderMap, HeaderName, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_admin::arguments::Arguments;
use sluice_admin::error::Error;
use sluice_admin::output::{Format, Output};
use sluice_admin::settings::DeploymentAccess;
use sluice_contracts::accounts::{SessionCreated, SessionList, SessionView};
use sluice_contracts::problem::{Code, Problem};
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use sluice_in_memory::faults::Fault;
use sluice_in_memory::{Services, settings};
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::Clients;
use sluice_storage::presign::Credentials;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const PASSWORD: &str = "correct horse battery";

const ORIGIN_SECRET: &str = "a secret of at least 32 characters";

/// A deployment whose clock the tests move.
pub struct Place {
    services: Services,
    settings: BTreeMap<String, String>,
    pub now: Timestamp,
}

impl Place {
    pub fn with_registration(registration: &str) -> Self {
        let mut settings = settings();
        for (name, value) in [
            ("REGISTRATION", registration),
            ("DEFAULT_QUOTA_BYTES", "5368709120"),
            ("SESSION_TTL_SECONDS", "3600"),
        ] {
            settings.insert(format!("SLUICE_{name}"), value.to_owned());
        }
        Self { services: Services::default(), settings, now: clock::now() }
    }

    /// The same, with a distribution in front.
    pub fn behind_the_distribution(mut self) -> Self {
        self.settings.insert("SLUICE_ORIGIN_SECRET".to_owned(), ORIGIN_SECRET.to_owned());
        self
    }

    /// Fails the next request of this operation.
    pub fn fail_next(&self, operation: &'static str) {
        self.services.faults.next(operation, Fault::InternalError);
    }

    pub fn wait(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
    }

    pub fn visitor(&self) -> Visitor<'_> {
        Visitor { place: self, token: None, address: None, origin_secret: None }
    }

    /// A visitor who has registered and logged in.
    pub async fn user(&self, name: &str) -> Visitor<'_> {
        let visitor = self.visitor();
        let account = json!({ "username": name, "password": PASSWORD });
        visitor.post("/accounts", &account).await.expect("an account");
        visitor.log_in(name, PASSWORD).await.expect("a session")
    }

    /// Runs a command of the operator, and returns the lines that it printed.
    pub async fn operate(&self, line: &str) -> Result<Vec<Value>, Error> {
        #[derive(Clone, Default)]
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("a lock").write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let line = ["sluice-admin", "--json", "account"].into_iter().chain(line.split(' '));
        let arguments = <Arguments as clap::Parser>::try_parse_from(line).expect("a command line");
        let sdk = self.services.sdk();
        let access = DeploymentAccess::new(Clients::new(&sdk), Credentials::of(&sdk), self.settings.clone());
        let kept = Kept::default();
        let output = Output::new(Format::Json, Box::new(kept.clone()));
        Box::pin(sluice_admin::run(arguments.command, &access, &output)).await?;
        let printed = kept.0.lock().expect("a lock").clone();
        let lines = printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect())
    }
}

/// Somebody who calls the function, perhaps with a session.
#[derive(Clone)]
pub struct Visitor<'a> {
    place: &'a Place,
    token: Option<String>,
    address: Option<String>,
    origin_secret: Option<&'static str>,
}

impl Visitor<'_> {
    /// The same visitor, whose calls come through these addresses.
    pub fn from(&self, forwarded_for: &str) -> Self {
        Self { address: Some(forwarded_for.to_owned()), ..self.clone() }
    }

    /// The same visitor, whose calls come through the distribution, which saw this chain of addresses.
    pub fn through_distribution(&self, forwarded_for: &str) -> Self {
        Self { origin_secret: Some(ORIGIN_SECRET), ..self.from(forwarded_for) }
    }

    pub async fn log_in(&self, name: &str, password: &str) -> Result<Self, Failure> {
        let login = json!({ "username": name, "password": password });
        let reply = self.post("/sessions", &login).await?;
        let created: SessionCreated = parse(&reply);
        Ok(Self { token: created.token, ..self.clone() })
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::POST, path, serde_json::to_vec(body).expect("serializable")).await
    }

    pub async fn get(&self, path: &str) -> Result<Reply, Failure> {
        self.send(Method::GET, path, Vec::new()).await
    }

    pub async fn delete(&self, path: &str) -> Result<Reply, Failure> {
        self.send(Method::DELETE, path, Vec::new()).await
    }

    /// Whether the session still works.
    pub async fn is_logged_in(&self) -> bool {
        match self.get("/accounts/me").await {
            Ok(_) => true,
            Err(failure) => {
                assert_eq!(failure.code, Code::Unauthenticated);
                false
            }
        }
    }

    pub async fn sessions(&self) -> Vec<SessionView> {
        parse::<SessionList>(&self.get("/sessions").await.expect("a list")).sessions
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Reply, Failure> {
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: &str| {
            headers.insert(HeaderName::from_static(name), value.parse().expect("a header"))
        };
        add("user-agent", "a visitor");
        if let Some(token) = &self.token {
            add("authorization", &format!("Bearer {token}"));
        }
        if let Some(address) = &self.address {
            add("x-forwarded-for", address);
        }
        if let Some(secret) = self.origin_secret {
            add("x-sluice-origin-secret", secret);
        }
        let call = Call {
            method,
            path: path.to_owned(),
            query: Vec::new(),
            headers,
            body,
            request_id: String::new(),
            now: self.place.now,
        };
        let deployment = self.place.services.deployment_with(self.place.settings.clone());
        handle(Arc::new(App::new(&deployment).expect("an app")), call).await
    }
}

pub fn parse<T: DeserializeOwned>(reply: &Reply) -> T {
    serde_json::from_slice(reply.body()).expect("an answer")
}

/// The code of a refused call, and the field that its problem names.
pub fn refusal(answer: Result<Reply, Failure>) -> (Code, Option<String>) {
    let failure = answer.expect_err("a refusal");
    let problem: Problem = parse(&Reply::problem(&failure, "a-request"));
    (problem.code, problem.field)
}
