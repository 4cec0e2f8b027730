//! What stands before a server in the world: it turns requests away, or only listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A proxy on a port of its own.
pub struct Proxy {
    port: u16,
    turned_away: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Proxy {
    /// Answers `503` to the first `busy` connections, and lets the others through to `port`.
    pub async fn before(port: u16, busy: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let turned_away = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, port, busy, turned_away.clone()));
        Self { port: own, turned_away, tasks }
    }

    /// Where it listens.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many connections were answered `503`.
    pub fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::SeqCst)
    }

    /// Hangs up on everybody, and listens no more.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn serve(listener: TcpListener, port: u16, busy: usize, turned_away: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        if turned_away.load(Ordering::SeqCst) < busy {
            turned_away.fetch_add(1, Ordering::SeqCst);
            hear(&mut client).await;
            answer(&mut client, "503 Service Unavailable").await;
        } else {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            connections.spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    }
}

/// The head of a request that came in on a connection.
pub async fn hear(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Answers with a status and nothing else.
pub async fn answer(client: &mut TcpStream, status: &str) {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(answer.as_bytes()).await.unwrap();
}
