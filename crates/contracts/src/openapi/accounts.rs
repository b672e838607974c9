//! Accounts and sessions.

use super::operation::{Answer, Operation};
use super::schemas::Schemas;
use crate::accounts::{AccountCreated, AccountView, Credentials, Login, SessionCreated};
use crate::problem::Code;

pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new("POST", "/accounts", "registerAccount")
            .request(schemas.request::<Credentials>())
            .answer(201, Answer::new("The account.").body(&schemas.answer::<AccountCreated>()))
            .problems(&[Code::UsernameTaken]),
        Operation::new("GET", "/accounts/me", "getAccount")
            .answer(200, Answer::new("The account.").body(&schemas.answer::<AccountView>())),
        Operation::new("POST", "/sessions", "logIn")
            .description(
                "An unknown user and a wrong password get one and the same answer. With `cookie`, the session is set as a \
                cookie, which counts on requests of the API's own origin only.",
            )
            .request(schemas.request::<Login>())
            .answer(201, Answer::new("The session.").body(&schemas.answer::<SessionCreated>()))
            .problems(&[Code::WrongCredentials]),
        Operation::new("DELETE", "/sessions/current", "logOut")
            .answer(204, Answer::new("The token no longer works.")),
    ]
}
