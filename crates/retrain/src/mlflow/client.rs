//! The connection to a server: one request, its tries, and what its answer means. What is asked for lies in the
//! files beside this one, a kind of thing each.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{RequestBuilder, StatusCode, Url, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::retry::{Again, Effort};
use super::{Credentials, TrackingUri};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Shorter than any server keeps a silent connection, so that no request is sent on one that just closes.
const IDLE: Duration = Duration::from_secs(1);
/// Slowest upload that is waited for, in bytes a second.
const SLOWEST: u64 = 1 << 20;
/// Characters of an answer that an error repeats; a proxy's can be a whole page.
const MESSAGE_CHARS: usize = 300;

/// A server, asked as somebody.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    uri: TrackingUri,
    credentials: Credentials,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Fault {
    error_code: String,
    message: String,
}

impl Client {
    /// A client of the server at `uri`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Setup`].
    pub fn new(uri: TrackingUri, credentials: Credentials) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("tamiz/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            // A redirected POST arrives as a GET, which MLflow answers with something else; better to say so.
            .redirect(redirect::Policy::none())
            // There is one owner of retries, and it is below.
            .retry(reqwest::retry::never())
            .build()
            .map_err(Error::Setup)?;
        Ok(Self { http, uri, credentials })
    }

    /// The server.
    pub fn uri(&self) -> &TrackingUri {
        &self.uri
    }

    /// Reads from `path` of the API.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let mut url = self.api(path);
        url.query_pairs_mut().extend_pairs(query);
        let request = || self.http.get(url.clone()).timeout(TIMEOUT);
        parse(operation, &self.send(operation, Again::Always, request).await?)
    }

    /// Writes `body` to `path` of the API.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        again: Again,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let request = || self.http.post(self.api(path)).timeout(TIMEOUT).json(body);
        parse(operation, &self.send(operation, again, request).await?)
    }

    /// Writes a file; how long it may take depends on its size.
    pub(super) async fn put(&self, operation: &'static str, url: Url, content: Bytes) -> Result<(), Error> {
        let timeout = TIMEOUT + Duration::from_secs(content.len() as u64 / SLOWEST);
        let request = || self.http.put(url.clone()).timeout(timeout).body(content.clone());
        // What a server answers differs with what it runs on: `{}`, or nothing.
        self.send(operation, Again::Always, request).await.map(drop)
    }

    fn api(&self, path: &str) -> Url {
        self.uri.join(&format!("api/2.0/mlflow/{path}"))
    }

    /// Sends a request until it is answered, or until no more is to be hoped for.
    async fn send(
        &self,
        operation: &'static str,
        again: Again,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Bytes, Error> {
        let begin = Instant::now();
        let mut tries = 0;
        loop {
            let answer = answer(self.credentials.sign(request())).await;
            tries += 1;
            let effort = Effort { tries, elapsed: begin.elapsed() };
            let error = match answer {
                Ok((status, body)) if status.is_success() => return Ok(body),
                Ok((status, body)) => fault(operation, effort, status, &body),
                Err(source) => Error::Unreachable { operation, effort, source },
            };
            match effort.pause().filter(|_| error.is_transient(again)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

/// The whole answer, whatever it is.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Bytes), reqwest::Error> {
    // Without the URL, as the warning names the server and the operation is clearer than a path.
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    Ok((status, response.bytes().await.map_err(reqwest::Error::without_url)?))
}

fn parse<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|_| Error::Foreign { operation, status: StatusCode::OK })
}

fn fault(operation: &'static str, effort: Effort, status: StatusCode, body: &[u8]) -> Error {
    let parsed = serde_json::from_slice::<Fault>(body).unwrap_or_default();
    let message = message(&parsed, body);
    match status {
        StatusCode::UNAUTHORIZED => Error::Unauthenticated { operation },
        StatusCode::FORBIDDEN => Error::Forbidden { operation, message },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Error::Unavailable { operation, effort, status, message }
        }
        status if status.is_server_error() => Error::Unavailable { operation, effort, status, message },
        status if parsed.error_code.is_empty() => Error::Foreign { operation, status },
        _ => Error::Refused { operation, code: parsed.error_code, message },
    }
}

/// MLflow's words or, where it has none, those of what stands before it.
fn message(fault: &Fault, body: &[u8]) -> String {
    let text = if fault.message.is_empty() { String::from_utf8_lossy(body) } else { fault.message.as_str().into() };
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() { "without a word".into() } else { words.join(" ").chars().take(MESSAGE_CHARS).collect() }
}
