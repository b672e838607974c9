//! Remembers the server and the session.

use serde::{Deserialize, Serialize};
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::str::FromStr;

use crate::clock;
use crate::error::{Error, Result};
use crate::home::Home;
use crate::private_file;

/// The address of a Sluice API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiUrl(reqwest::Url);

impl ApiUrl {
    pub fn as_url(&self) -> &reqwest::Url {
        &self.0
    }

    /// Whether requests to this address can be read on the network.
    pub fn is_exposed(&self) -> bool {
        let loopback = match self.0.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.starts_with("127."),
            None => false,
        };
        self.0.scheme() == "http" && !loopback
    }
}

impl FromStr for ApiUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("an address begins with http:// or https:// and a host".to_owned());
        }
        // `http://a` and `http://a/` are the same server.
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl TryFrom<String> for ApiUrl {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ApiUrl> for String {
    fn from(url: ApiUrl) -> String {
        url.to_string()
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    pub account_id: AccountId,
    /// As the server stores it.
    pub username: String,
    /// The bearer token. It is sent to the API only.
    pub token: String,
    pub expires_at: Timestamp,
}

/// The JSON in the session file. `login` writes both fields; `logout` clears the session.
#[derive(Default, Serialize, Deserialize)]
struct Remembered {
    api: Option<ApiUrl>,
    session: Option<Session>,
}

#[derive(Debug, Clone)]
pub struct SessionFile {
    path: PathBuf,
    chosen_api: Option<ApiUrl>,
}

impl SessionFile {
    /// The file in `home`. `chosen_api` (`--api`, `SLUICE_API_URL`) overrides the remembered server.
    pub fn new(home: &Home, chosen_api: Option<ApiUrl>) -> Self {
        Self { path: home.session_file(), chosen_api }
    }

    /// The server to talk to.
    pub fn api(&self) -> Result<ApiUrl> {
        let remembered = if self.chosen_api.is_some() { None } else { self.read()?.api };
        self.chosen_api
            .clone()
            .or(remembered)
            .ok_or_else(|| Error::Usage("no server is set: pass --api URL or set SLUICE_API_URL".to_owned()))
    }

    /// The server and its session. Never returns a session of another server, so that a token goes only to
    /// the server that issued it.
    pub fn session(&self) -> Result<(ApiUrl, Session)> {
        let api = self.api()?;
        let remembered = self.read()?;
        remembered
            .session
            .filter(|session| remembered.api.as_ref() == Some(&api) && clock::now() < session.expires_at)
            .map(|session| (api.clone(), session))
            .ok_or_else(|| Error::NotLoggedIn { api: api.to_string() })
    }

    /// Saves the server and, if there is one, the session.
    pub fn remember(&self, api: ApiUrl, session: Option<Session>) -> Result<()> {
        let remembered = Remembered { api: Some(api), session };
        let json = serde_json::to_vec_pretty(&remembered).map_err(std::io::Error::other);
        json.and_then(|json| private_file::write(&self.path, &json)).map_err(Error::local(&self.path))
    }

    fn read(&self) -> Result<Remembered> {
        match private_file::read(&self.path) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| {
                Error::local(&self.path)(std::io::Error::new(ErrorKind::InvalidData, error))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Remembered::default()),
            Err(error) => Err(Error::local(&self.path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::time::Timestamp;
    use std::time::Duration;

    fn url(text: &str) -> ApiUrl {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_are_normalised_and_classified() {
        assert_eq!(url("http://a.example/base/"), url("http://a.example/base"));
        assert_eq!(url("http://127.0.0.1:80/").to_string(), "http://127.0.0.1");
        assert!(url("http://files.example").is_exposed());
        assert!(!url("https://files.example").is_exposed() && !url("http://127.0.0.1:8080").is_exposed());
        for bad in ["files.example", "ftp://a", "http://", ""] {
            assert!(bad.parse::<ApiUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_is_valid_only_for_its_server_and_until_it_expires() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::locate(Some(folder.path().to_owned())).expect("a home");
        let file = SessionFile::new(&home, None);
        assert_eq!(file.api().expect_err("unknown").code(), "usage");

        let session = |expires_at| Session {
            account_id: AccountId::from_bytes([1; 16]),
            username: "ada".to_owned(),
            token: "secret".to_owned(),
            expires_at,
        };
        let later = clock::now().after(Duration::from_mins(1));
        file.remember(url("http://a.example"), Some(session(later))).expect("written");
        assert_eq!(file.session().expect("valid").1.username, "ada");
        let elsewhere = SessionFile::new(&home, Some(url("http://b.example")));
        assert_eq!(elsewhere.session().err().map(|error| error.code()), Some("not_logged_in"));

        file.remember(url("http://a.example"), Some(session(Timestamp::from_unix_milliseconds(0))))
            .expect("written");
        assert!(file.session().is_err());
        assert_eq!(file.api().expect("still known"), url("http://a.example"));
    }
}
