//! Keeps a session of a role that still lasts for a while, to sign URLs.

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use std::time::Duration;
use tokio::sync::Mutex;

/// The longest session that AWS gives to one role that assumes another ("role chaining").
const SESSION_LENGTH: Duration = Duration::from_hours(1);

/// A session with less time left is replaced. So a URL can live for three quarters of an hour, and a process
/// asks for a session four times an hour at most.
const ENOUGH_TIME: Duration = Duration::from_mins(45);

/// Assumes a role each time that it is asked for credentials.
#[derive(Debug)]
pub(crate) struct AssumedRole {
    arn: String,
    config: SdkConfig,
}

impl AssumedRole {
    pub fn new(arn: String, config: SdkConfig) -> Self {
        Self { arn, config }
    }

    async fn assume(&self) -> provider::Result {
        let own = self.config.credentials_provider();
        let own = own.ok_or_else(|| CredentialsError::not_loaded("no credentials to assume a role with"))?;
        let role = AssumeRoleProvider::builder(&self.arn)
            .session_name("sluice-urls")
            .session_length(SESSION_LENGTH)
            .configure(&self.config);
        role.build_from_provider(own).await.provide_credentials().await
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.assume())
    }
}

/// Hands out one session until it has not [`ENOUGH_TIME`] left.
#[derive(Debug)]
pub(crate) struct LastingSession {
    role: SharedCredentialsProvider,
    time: SharedTimeSource,
    session: Mutex<Option<Credentials>>,
}

impl LastingSession {
    pub fn new(role: SharedCredentialsProvider, time: SharedTimeSource) -> Self {
        Self { role, time, session: Mutex::new(None) }
    }

    fn lasts(&self, session: &Credentials, time_left: Duration) -> bool {
        session.expiry().is_none_or(|expiry| self.time.now() + time_left < expiry)
    }

    /// Waits while another call renews the session, so that STS is asked once.
    async fn current(&self) -> provider::Result {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| self.lasts(session, ENOUGH_TIME)) {
            return Ok(session.clone());
        }
        match self.role.provide_credentials().await {
            Ok(session) => Ok(kept.insert(session).clone()),
            // Shorter URLs are better than none.
            Err(error) => match kept.as_ref().filter(|session| self.lasts(session, ENOUGH_TIME / 3)) {
                Some(session) => {
                    tracing::warn!(error = %crate::Chain(&error), "the session that signs URLs was not renewed");
                    Ok(session.clone())
                }
                None => Err(error),
            },
        }
    }
}

impl ProvideCredentials for LastingSession {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_async::time::TimeSource;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::{SystemTime, UNIX_EPOCH};

    /// Minutes since 1970
    #[derive(Debug, Clone, Default)]
    struct Clock(Arc<AtomicU64>);

    impl TimeSource for Clock {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH + Duration::from_mins(self.0.load(Relaxed))
        }
    }

    /// Issues sessions of an hour, named by the minute, until it `ends`.
    #[derive(Debug)]
    struct Sts {
        clock: Clock,
        ends: u64,
    }

    impl ProvideCredentials for Sts {
        fn provide_credentials<'a>(&'a self) -> Provided<'a>
        where
            Self: 'a,
        {
            let minute = self.clock.0.load(Relaxed);
            Provided::ready(if minute < self.ends {
                let expiry = Some(self.clock.now() + SESSION_LENGTH);
                Ok(Credentials::new(minute.to_string(), "secret", Some("token".to_owned()), expiry, "test"))
            } else {
                Err(CredentialsError::not_loaded("STS does not answer"))
            })
        }
    }

    async fn sessions_at(minutes: &[u64], sts_ends: u64) -> Vec<Option<String>> {
        let clock = Clock::default();
        let sts = SharedCredentialsProvider::new(Sts { clock: clock.clone(), ends: sts_ends });
        let session = LastingSession::new(sts, SharedTimeSource::new(clock.clone()));
        let mut given = Vec::new();
        for minute in minutes {
            clock.0.store(*minute, Relaxed);
            let credentials = session.provide_credentials().await;
            given.push(credentials.ok().map(|credentials| credentials.access_key_id().to_owned()));
        }
        given
    }

    #[tokio::test]
    async fn a_session_is_replaced_while_much_of_it_is_left() {
        let given = sessions_at(&[0, 14, 15, 29, 30, 80], u64::MAX).await;
        assert_eq!(given, ["0", "0", "15", "15", "30", "80"].map(|id| Some(id.to_owned())));
    }

    #[tokio::test]
    async fn without_sts_a_session_is_used_for_shorter_urls_and_then_no_more() {
        let given = sessions_at(&[0, 20, 44, 45, 61], 1).await;
        let expected = [Some("0"), Some("0"), Some("0"), None, None];
        assert_eq!(given, expected.map(|id| id.map(str::to_owned)));
    }
}
