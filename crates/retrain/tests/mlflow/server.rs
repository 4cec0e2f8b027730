//! A real MLflow server of a test's own, which ends with it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for the slowest machine: nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(300);

/// The name and the password of the server with authentication.
pub const ADMIN: (&str, &str) = ("admin", "a-password-of-tests");

/// Ends the server when our end of its input closes, which happens even if this process is killed. The server gets a
/// process group of its own (`set -m`), as it has a child that would outlive it.
const KEEPER: &str = r#"exec 2>log; set -m; "$@" </dev/null >&2 & cat; kill -KILL -- -$!; wait; rm -rf -- "$PWD""#;

/// A server that runs.
pub struct Server {
    keeper: Child,
    port: u16,
}

/// The interpreter that has MLflow.
fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python")
}

/// The server that tests share which do it no harm: it takes seconds to start.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&[]))
}

/// The server that asks for [`ADMIN`].
pub fn guarded() -> &'static Server {
    static GUARDED: OnceLock<Server> = OnceLock::new();
    GUARDED.get_or_init(|| Server::start(&["--app-name", "basic-auth"]))
}

impl Server {
    /// Starts a server with an empty database, and waits until it answers.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap().keep();
        let port = free_port();
        let mut keeper = Command::new("bash");
        keeper.args(["-c", KEEPER, "keeper"]).arg(python()).args(["-m", "mlflow", "server"]);
        keeper.args(["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts"]);
        keeper.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--workers", "1"]).args(arguments);
        keeper.envs([("MLFLOW_DISABLE_TELEMETRY", "true"), ("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")]);
        keeper.envs([("MLFLOW_AUTH_ADMIN_PASSWORD", ADMIN.1), ("MLFLOW_FLASK_SERVER_SECRET_KEY", "of tests")]);
        // Its own group too: an interrupt from the terminal would end the keeper before its work is done.
        let keeper = keeper.current_dir(&folder).stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let server = Self { keeper, port };
        server.wait(&folder);
        server
    }

    /// Where it listens.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait(&self, folder: &Path) {
        let begin = Instant::now();
        while !self.is_healthy() {
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "the server does not start: {}", log());
            sleep(Duration::from_millis(100));
        }
    }

    fn is_healthy(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
        let mut answer = String::new();
        let read = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
        read.is_ok() && answer.starts_with("HTTP/1.1 200")
    }
}

impl Drop for Server {
    /// After this nothing listens any more.
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A port that nothing listens to.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
