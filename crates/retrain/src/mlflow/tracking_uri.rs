//! The address of an MLflow server.

use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use reqwest::Url;

/// An `http` or `https` address that holds no credentials; a path before the API's own is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingUri(Url);

/// An address that nothing can be reported to. No variant repeats the address: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrackingUri {
    /// No URI at all.
    #[error("the tracking URI cannot be read: {0}; write it like https://mlflow.example.com")]
    Unreadable(String),
    /// A folder, a database, a cloud service.
    #[error("a tracking URI of scheme `{0}` cannot be reported to; name an MLflow server by http:// or https://")]
    Scheme(String),
    /// A user or a password, which would end up in logs.
    #[error(
        "the tracking URI holds a user; put it into MLFLOW_TRACKING_USERNAME, and the password into \
         MLFLOW_TRACKING_PASSWORD"
    )]
    Userinfo,
}

impl TrackingUri {
    /// The address of a path of segments below the server's own.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{}", self.0.path().trim_end_matches('/'), path.trim_start_matches('/')));
        url
    }

    /// Whether `authority` (`host` or `host:port`) is this server's.
    pub(super) fn is_at(&self, authority: &str) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        authority == host || authority == format!("{host}:{port}")
    }
}

impl FromStr for TrackingUri {
    type Err = InvalidTrackingUri;

    fn from_str(text: &str) -> Result<Self, InvalidTrackingUri> {
        let mut url = Url::parse(text.trim()).map_err(|error| InvalidTrackingUri::Unreadable(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidTrackingUri::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidTrackingUri::Userinfo);
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for TrackingUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// In place of clap's own way to call [`FromStr`], whose error repeats the value.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrackingUriParser;

impl TypedValueParser for TrackingUriParser {
    type Value = TrackingUri;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<TrackingUri, clap::Error> {
        value.to_string_lossy().parse().map_err(|error: InvalidTrackingUri| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Settings;
    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    fn refusal(uri: &str) -> String {
        Cli::try_parse_from(["report", "--mlflow-tracking-uri", uri]).unwrap_err().to_string()
    }

    #[test]
    fn a_path_before_the_api_is_kept() {
        let uri: TrackingUri = "https://example.com/mlflow/?a=b".parse().unwrap();
        assert_eq!(uri.to_string(), "https://example.com/mlflow");
        assert_eq!(uri.join("/api/2.0/x").as_str(), "https://example.com/mlflow/api/2.0/x");
    }

    #[test]
    fn the_port_of_the_scheme_need_not_be_written() {
        let uri: TrackingUri = "https://example.com".parse().unwrap();
        assert!(uri.is_at("example.com") && uri.is_at("example.com:443"));
        assert!(!uri.is_at("example.com:80") && !uri.is_at("elsewhere.com"));
    }

    #[test]
    fn a_password_in_the_address_is_refused_without_being_repeated() {
        for uri in ["http://ana:hunter2@example.com", "ftp://ana:hunter2@example.com", "http://ana:hunter2@:1"] {
            assert!(!refusal(uri).contains("hunter2"), "{}", refusal(uri));
        }
        assert!(refusal("http://ana:hunter2@example.com").contains("MLFLOW_TRACKING_PASSWORD"));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        assert!(refusal("sqlite:///mlflow.db").contains("`sqlite`"));
        assert!(refusal("./mlruns").contains("cannot be read"));
        assert!(refusal("").contains("cannot be read"));
    }
}
