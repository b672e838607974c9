//! Tests accounts and sessions: register, log in, log out, and the current account.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_contracts::accounts::{AccountCreated, AccountView, Credentials, Login, SessionCreated};
use sluice_contracts::problem::{Code, Problem};
use sluice_contracts::route::ROUTES;
use sluice_deployment::clock;
use sluice_lambda::Call;
use sluice_tests::{Client, Deployed, Reply, live, text, wait_for};
use std::sync::Arc;
use std::time::Duration;

use crate::support::call;

const PASSWORD: &str = "correct horse battery";

fn credentials(username: &str, password: &str) -> Credentials {
    Credentials { username: username.to_owned(), password: password.to_owned(), invitation: None }
}

/// The token of a session that has begun.
fn token(reply: Reply) -> String {
    reply.parse::<SessionCreated>(201).token.expect("a token")
}

/// A problem without the field that differs between requests.
fn without_request_id(problem: Problem) -> Problem {
    Problem { request_id: String::new(), ..problem }
}

#[tokio::test]
async fn a_logout_ends_only_its_own_session_and_at_once() {
    let user = Client::register(live()).await;
    let account = user.account().await;
    assert_eq!(account.username, user.username);
    assert_eq!((account.used_bytes, account.reserved_bytes), (0, 0), "{account:?}");

    let second = token(user.post("/sessions", &user.credentials()).await);
    assert_ne!(second, user.token());
    user.delete("/sessions/current").await.expect(204);
    user.get("/accounts/me").await.expect_problem(401, Code::Unauthenticated);
    user.delete("/sessions/current").await.expect_problem(401, Code::Unauthenticated);
    let elsewhere = user.with_token(&second);
    assert_eq!(elsewhere.account().await.account_id, account.account_id);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let user = Client::register(live()).await;
    let mut answers = Vec::new();
    for (username, password) in [
        ("nobody.at.all", PASSWORD),
        (&*user.username, PASSWORD),
        (&*user.username, "short"),
        ("not a name", PASSWORD),
    ] {
        let reply = user.post("/sessions", &credentials(username, password)).await;
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        answers.push(without_request_id(reply.expect_problem(401, Code::WrongCredentials)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn different_spellings_of_a_name_are_one_account() {
    let stranger = Client::stranger(live());
    let created = stranger.post("/accounts", &credentials("André", "pässword of andré")).await;
    let created: AccountCreated = created.parse(201);
    assert_eq!(created.username, "andré");
    for spelling in ["André", "ANDRÉ", "andre\u{301}", "ａｎｄré"] {
        let again = stranger.post("/accounts", &credentials(spelling, PASSWORD)).await;
        again.expect_problem(409, Code::UsernameTaken);
        let decomposed = credentials(spelling, "pa\u{308}ssword of andre\u{301}");
        let token = token(stranger.post("/sessions", &decomposed).await);
        let account = stranger.with_token(&token).account().await;
        assert_eq!(account.account_id, created.account_id, "{spelling}");
    }
}

#[tokio::test]
async fn invalid_names_and_passwords_are_refused() {
    let stranger = Client::stranger(live());
    let long_name = "a".repeat(65);
    let long_password = "x".repeat(257);
    for (username, password) in [
        ("", PASSWORD),
        ("ab", PASSWORD),
        (&*long_name, PASSWORD),
        ("with space", PASSWORD),
        ("-dash.first", PASSWORD),
        ("sla/sh", PASSWORD),
        ("nul\0name", PASSWORD),
        ("right\u{202e}left", PASSWORD),
        ("good.name", ""),
        ("good.name", "eleven char"),
        ("good.name", &*long_password),
        ("good.name", "line one\nline two"),
    ] {
        let problem = stranger.post("/accounts", &credentials(username, password)).await;
        let problem = problem.expect_problem(400, Code::InvalidRequest);
        assert!(password.is_empty() || !format!("{problem:?}").contains(password), "{problem:?}");
    }
}

#[tokio::test]
async fn a_token_without_a_session_is_refused() {
    let user = Client::register(live()).await;
    let bearer = format!("Bearer {}", user.token());
    let cut = &bearer[..bearer.len() - 1];
    let longer = format!("{bearer}A");
    let basic = format!("Basic {}", user.token());
    let stranger = user.with_token("");
    for authorization in ["", "Bearer", "Bearer ", "Bearer garbage", user.token(), cut, &longer, &basic] {
        let headers = [("authorization", authorization)];
        let reply = stranger.send(Method::GET, "/accounts/me", &headers, &Value::Null).await;
        reply.expect_problem(401, Code::Unauthenticated);
    }
    let headers = [("authorization", &*bearer)];
    stranger.send(Method::GET, "/accounts/me", &headers, &Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_cookie_is_accepted_only_from_pages_of_the_same_origin() {
    let user = Client::register(live()).await;
    let stranger = user.with_token("");
    let credentials = user.credentials();
    let login = Login { username: credentials.username, password: credentials.password, cookie: true };
    let own = ("sec-fetch-site", "same-origin");
    for elsewhere in [&[][..], &[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")]] {
        let reply = stranger.send(Method::POST, "/sessions", elsewhere, &login).await;
        assert_eq!(reply.header("set-cookie"), None);
        reply.expect_problem(400, Code::InvalidRequest);
    }
    let reply = stranger.send(Method::POST, "/sessions", &[own], &login).await;
    let set = reply.header("set-cookie").expect("a cookie").to_owned();
    assert!(set.starts_with("__Host-sluice-session=sluice_"), "{set}");
    let attributes = "; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict";
    assert!(set.ends_with(attributes), "{set}");
    assert_eq!(reply.parse::<SessionCreated>(201).token, None);

    let cookies = format!("theme=dark; {}; other=1", set.trim_end_matches(attributes));
    let cookie = ("cookie", &*cookies);
    let ask = async |headers: &[(&str, &str)]| {
        stranger.send(Method::GET, "/accounts/me", headers, &Value::Null).await
    };
    assert_eq!(ask(&[cookie, own]).await.parse::<AccountView>(200).username, user.username);
    for site in ["cross-site", "same-site", "none", ""] {
        ask(&[cookie, ("sec-fetch-site", site)]).await.expect_problem(401, Code::Unauthenticated);
    }
    ask(&[cookie]).await.expect_problem(401, Code::Unauthenticated);
    // A token wins over the cookie.
    ask(&[cookie, own, ("authorization", "Bearer nonsense")])
        .await
        .expect_problem(401, Code::Unauthenticated);

    let reply = stranger.send(Method::DELETE, "/sessions/current", &[cookie, own], &Value::Null).await;
    let forgotten = reply.header("set-cookie").expect("a cookie").to_owned();
    assert!(forgotten.starts_with("__Host-sluice-session=; Path=/; Max-Age=0;"), "{forgotten}");
    reply.expect(204);
    ask(&[cookie, own]).await.expect_problem(401, Code::Unauthenticated);
}

#[tokio::test]
async fn every_call_that_needs_a_session_is_refused_without_one() {
    let stranger = Client::stranger(live());
    let ids = ["01a1e930027b70a181ce0a11ce0a11ce", "malformed"];
    let routes = ROUTES.iter().filter(|route| route.authenticated);
    for (route, id) in routes.flat_map(|route| ids.map(|id| (route, id))) {
        let path = ["{upload_id}", "{file_id}", "{session_id}"]
            .iter()
            .fold(route.path.to_owned(), |path, name| path.replace(name, id));
        let method: Method = route.method.parse().expect("a method");
        let reply = stranger.send(method.clone(), &path, &[], &Value::Null).await;
        assert_eq!(reply.status, 401, "{method} {path}: {}", reply.body);
        if method != Method::HEAD {
            reply.expect_problem(401, Code::Unauthenticated);
        }
    }
}

/// Calls the accounts function in this process.
async fn accounts<T: DeserializeOwned>(stack: &Deployed, call: Call) -> Result<T, Code> {
    let app = Arc::new(accounts::App::new(&stack.deployment_of("accounts")).expect("an app"));
    let reply = accounts::handle(app, call).await.map_err(|failure| failure.code)?;
    Ok(serde_json::from_slice(reply.body()).expect("an answer"))
}

#[tokio::test]
async fn a_session_ends_when_it_expires() {
    let user = Client::register(live()).await;
    let life = Duration::from_secs(live().setting("SLUICE_SESSION_TTL_SECONDS").parse().expect("seconds"));
    let log_in = call(&user, Method::POST, "/sessions", &user.credentials());
    let began = clock::now();
    let session: SessionCreated = accounts(live(), Call { now: began, ..log_in }).await.expect("a session");
    let user = user.with_token(&session.token.expect("a token"));
    let after = |passed: Duration| Call {
        now: began.after(passed),
        ..call(&user, Method::GET, "/accounts/me", &Value::Null)
    };
    let shortly_before = after(life.saturating_sub(Duration::from_secs(2)));
    accounts::<AccountView>(live(), shortly_before).await.expect("the session still lives");
    assert_eq!(accounts::<AccountView>(live(), after(life)).await, Err(Code::Unauthenticated));
}

#[tokio::test]
async fn no_answer_and_no_log_contains_a_secret() {
    let user = Client::register(live()).await;
    let name = "secretive";
    let password = "a password that is to be seen nowhere";
    let mut answers = Vec::new();
    for path in ["/accounts", "/accounts", "/sessions"] {
        answers.push(user.post(path, &credentials(name, password)).await.body);
    }
    let secretive = user.with_token(text(&answers[2]["token"]));
    answers.push(secretive.get("/accounts/me").await.body);
    answers.push(secretive.get("/files/nonsense").await.body);
    let request = json!({ "path": "../a name that is nobody's business", "size": 1 });
    secretive.post("/uploads", &request).await.expect_problem(400, Code::InvalidRequest);
    secretive.upload("the name of a private file", b"private").await;
    for answer in answers.iter().map(Value::to_string) {
        assert!(!answer.contains(password) && !answer.contains("argon2"), "{answer}");
    }
    let last = secretive.get("/files/nonsense").await.expect_problem(404, Code::NotFound);
    log_line(&last.request_id).await;
    let log = wait_for("the lines of the calls", async || {
        let log = std::fs::read_to_string(&live().functions_log).expect("the functions' log");
        let expected = ["username_taken", r#""Namespace":"Sluice""#, "UploadsBegun"];
        let missing: Vec<_> = expected.into_iter().filter(|text| !log.contains(text)).collect();
        if missing.is_empty() { Ok(log) } else { Err(missing) }
    })
    .await;
    let names = ["nobody's business", "the name of a private file"];
    for secret in [password, "argon2", secretive.token(), "X-Amz-Signature"].into_iter().chain(names) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn the_log_line_of_a_call_names_its_account() {
    let user = Client::register(live()).await;
    let account = user.account().await;
    let problem = user.get("/files/nonsense").await.expect_problem(404, Code::NotFound);
    let line = log_line(&problem.request_id).await;
    assert_eq!(text(&line["span"]["account"]), account.account_id.to_string(), "{line}");
    let said = (&line["status"], &line["code"], &line["path"]);
    assert_eq!(said, (&json!(404), &json!("not_found"), &json!("/files/nonsense")), "{line}");
}

/// Waits for the log line of a call's answer. It comes through pipes, so it may arrive after the answer.
async fn log_line(request_id: &str) -> Value {
    wait_for(&format!("the log line of {request_id}"), async || {
        let log = std::fs::read_to_string(&live().functions_log).expect("the functions' log");
        let lines = log.lines().filter_map(|line| line.split_once(": ").map(|(_, line)| line));
        let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let answered =
            |line: &Value| line["message"] == "answered" && line["span"]["request_id"] == request_id;
        lines.find(answered).ok_or_else(|| format!("{} bytes of other lines", log.len()))
    })
    .await
}
