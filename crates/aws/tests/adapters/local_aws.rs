//! A local AWS of the test's own, gone with the test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use tamiz_aws::Aws;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct LocalAws {
    state: TempDir,
    endpoint: String,
}

impl LocalAws {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// `options` are those of `start.sh`.
    pub fn start_with(options: &[&str]) -> Self {
        let state = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/local-aws/start.sh");
        let output = Command::new(script)
            .args(["--port", "0", "--die-with", &std::process::id().to_string(), "--state"])
            .arg(state.path())
            .args(options)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let exports = String::from_utf8(output.stdout).unwrap();
        let endpoint = exports.lines().find_map(|line| line.strip_prefix("export AWS_ENDPOINT_URL="));
        Self { endpoint: endpoint.expect("the local AWS starts").to_owned(), state }
    }

    pub fn state(&self) -> &Path {
        self.state.path()
    }

    pub async fn aws(&self) -> Aws {
        Aws::load_from(loader(&self.endpoint)).await
    }

    /// For making what the adapters need.
    pub async fn sdk(&self) -> SdkConfig {
        loader(&self.endpoint).load().await
    }

    /// Makes a bucket.
    pub async fn bucket(&self, name: &str) -> aws_sdk_s3::Client {
        let s3 = aws_sdk_s3::Client::new(&self.sdk().await);
        s3.create_bucket().bucket(name).send().await.unwrap();
        s3
    }

    /// Makes a role and answers its ARN. By hand, since nothing else here needs IAM's SDK.
    pub async fn role(&self, name: &str) -> String {
        let host = self.endpoint.trim_start_matches("http://");
        let body = format!("Action=CreateRole&Version=2010-05-08&RoleName={name}&AssumeRolePolicyDocument={{}}");
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, \
             Signature=0\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut connection = TcpStream::connect(host).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let (_, rest) = answer.split_once("<Arn>").expect("a role");
        rest.split_once("</Arn>").unwrap().0.to_owned()
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.state.path().join("pid")) {
            Command::new("kill").arg(pid.trim()).status().ok();
        }
    }
}

/// Everything said here, so that nothing of the machine's own configuration takes part.
pub fn loader(endpoint: &str) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
}

/// Asks again until the answer is the expected one: what happens elsewhere takes its time, however long.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    for _ in 0..600 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not happen");
}
