//! Describes the calls under `/accounts` and `/sessions`.

use super::operation::{Answer, Operation};
use super::schemas::Schemas;
use crate::accounts::{AccountCreated, AccountView, Credentials, Login, SessionCreated};
use crate::problem::Code;

pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new("POST", "/accounts", "registerAccount")
            .request(schemas.request::<Credentials>())
            .answer(201, Answer::new("The account.").body(&schemas.answer::<AccountCreated>()))
            .problems(&[Code::UsernameTaken, Code::Conflict]),
        Operation::new("GET", "/accounts/me", "getAccount")
            .answer(200, Answer::new("The account.").body(&schemas.answer::<AccountView>()))
            .problems(&[Code::NotFound]),
        Operation::new("POST", "/sessions", "logIn")
            .description(
                "An unknown user and a wrong password have the same answer. With `cookie`, the token is set \
                 as a cookie, which is only valid for pages of the API's own origin.",
            )
            .request(schemas.request::<Login>())
            .answer(201, session(schemas))
            .problems(&[Code::WrongCredentials]),
        Operation::new("DELETE", "/sessions/current", "logOut").answer(
            204,
            Answer::new("The token no longer works.").header("Set-Cookie", "Removes the session's cookie."),
        ),
    ]
}

fn session(schemas: &mut Schemas) -> Answer {
    Answer::new("The session.")
        .body(&schemas.answer::<SessionCreated>())
        .header("Set-Cookie", "The session's cookie, if `cookie` is true.")
}
