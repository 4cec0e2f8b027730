//! An HTTP endpoint that answers what the test says, for what no healthy server does.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer: the raw bytes of an HTTP response, after which the connection is closed.
pub type Answer = String;

pub struct Scripted {
    pub endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers one request after another; the last answer is repeated.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let head = read_request(&mut connection).await;
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(head);
                    seen.len()
                };
                connection.write_all(answers[number.min(answers.len()) - 1].as_bytes()).await.unwrap();
                connection.shutdown().await.ok();
            }
        });
        Self { endpoint, requests }
    }

    /// Heads of the requests so far, lower case.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads a request with its body and answers its head.
async fn read_request(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                return head.to_owned();
            }
        }
        match connection.read(&mut buffer).await.unwrap() {
            0 => return text,
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// An answer with a body.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Answer {
    promise(status, headers, body.len(), body)
}

/// An answer that promises `length` bytes, sends `body` and hangs up.
pub fn promise(status: &str, headers: &[&str], length: usize, body: &str) -> Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

/// An error as S3 words it.
pub fn s3_error(status: &str, code: &str) -> Answer {
    answer(status, &[], &format!("<Error><Code>{code}</Code><Message>because</Message></Error>"))
}
