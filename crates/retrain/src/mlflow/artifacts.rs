//! The files of a run, by way of the server.

use bytes::Bytes;

use super::TrackingUri;
use super::client::Client;
use super::error::Error;
use super::run::Run;

const PROXY: &str = "api/2.0/mlflow-artifacts/artifacts";

impl Run {
    /// The path of its files behind the server's artifact proxy; none where the server leaves it to clients to reach
    /// the store themselves, or to another server. That one would get this server's credentials.
    pub fn proxied(&self, server: &TrackingUri) -> Option<&str> {
        let place = self.artifact_uri.strip_prefix("mlflow-artifacts:")?;
        let Some(place) = place.strip_prefix("//") else { return Some(place) };
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        (authority.is_empty() || server.is_at(authority)).then_some(path)
    }

    /// The URI of `path` among its files; of all of them if `path` is empty.
    pub fn artifact(&self, path: &str) -> String {
        let root = self.artifact_uri.trim_end_matches('/');
        if path.is_empty() { root.to_owned() } else { format!("{root}/{path}") }
    }
}

impl Client {
    /// Writes a file below `folder`, a path that [`Run::proxied`] gave. Overwrites.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn upload(&self, folder: &str, path: &str, content: Bytes) -> Result<(), Error> {
        let mut url = self.uri().join(&format!("{PROXY}/{}", folder.trim_matches('/')));
        // The folder is the server's, percent-encoded where it must be; the path is plain text.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path.split('/'));
        }
        self.put("upload an artifact", url, content).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(artifact_uri: &str) -> Option<String> {
        let server = "https://mlflow.example.com".parse().unwrap();
        let run = Run { id: "r".into(), artifact_uri: artifact_uri.into() };
        run.proxied(&server).map(str::to_owned)
    }

    #[test]
    fn files_behind_the_proxy_are_found() {
        assert_eq!(proxied("mlflow-artifacts:/1/r/artifacts").as_deref(), Some("/1/r/artifacts"));
        assert_eq!(proxied("mlflow-artifacts:///1/r").as_deref(), Some("1/r"));
        assert_eq!(proxied("mlflow-artifacts://mlflow.example.com:443/1/r").as_deref(), Some("1/r"));
    }

    #[test]
    fn files_elsewhere_are_left_alone() {
        for uri in ["s3://bucket/1/r", "file:///srv/1/r", "/srv/1/r", "mlflow-artifacts://elsewhere.com/1/r"] {
            assert_eq!(proxied(uri), None, "{uri}");
        }
    }
}
