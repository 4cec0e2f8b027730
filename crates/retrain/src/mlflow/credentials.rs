//! Who reports, in words that no log repeats.

use std::fmt;

use reqwest::RequestBuilder;

/// Name for HTTP basic authentication.
const USERNAME: &str = "MLFLOW_TRACKING_USERNAME";
/// Password for HTTP basic authentication.
const PASSWORD: &str = "MLFLOW_TRACKING_PASSWORD";
/// Bearer token; MLflow itself checks none, the proxies before it do.
const TOKEN: &str = "MLFLOW_TRACKING_TOKEN";

/// A string that prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// How a request says who it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// It does not.
    Anonymous,
    /// HTTP basic authentication.
    Basic {
        /// Name of the user.
        username: String,
        /// Password of the user.
        password: Secret,
    },
    /// A bearer token.
    Token(Secret),
}

impl Secret {
    /// Hides `secret`.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Credentials {
    /// What the environment holds: `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD`, or else
    /// `MLFLOW_TRACKING_TOKEN`, in the order of MLflow's own client.
    pub fn from_environment() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// An empty variable counts as none: a container's definition often cannot leave one out.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name| variable(name).filter(|value| !value.is_empty());
        match (filled(USERNAME), filled(PASSWORD), filled(TOKEN)) {
            (Some(username), Some(password), _) => Self::Basic { username, password: Secret(password) },
            (_, _, Some(token)) => Self::Token(Secret(token)),
            _ => Self::Anonymous,
        }
    }

    /// The request, signed. The header is marked as sensitive, so that no log of the HTTP crates shows it either.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Anonymous => request,
            Self::Basic { username, password } => request.basic_auth(username, Some(password.reveal())),
            Self::Token(token) => request.bearer_auth(token.reveal()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Credentials {
        Credentials::of(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_password_comes_before_a_token() {
        let basic = Credentials::Basic { username: "ana".into(), password: Secret::new("p") };
        assert_eq!(of(&[(USERNAME, "ana"), (PASSWORD, "p"), (TOKEN, "t")]), basic);
        assert_eq!(of(&[(USERNAME, "ana"), (TOKEN, "t")]), Credentials::Token(Secret::new("t")));
    }

    #[test]
    fn an_empty_variable_is_none() {
        assert_eq!(of(&[(USERNAME, "ana"), (PASSWORD, ""), (TOKEN, "")]), Credentials::Anonymous);
    }

    #[test]
    fn a_secret_prints_as_asterisks() {
        let basic = Credentials::Basic { username: "ana".into(), password: Secret::new("hunter2") };
        assert_eq!(format!("{basic:?}"), r#"Basic { username: "ana", password: *** }"#);
        assert_eq!(Secret::new("hunter2").to_string(), "***");
    }
}
