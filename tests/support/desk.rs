//! A local AWS with the stack, one a test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tamiz_aws::Aws;
use tamiz_domain::{RunId, Summary};
use tamiz_ports::{ExecutionStatus, Folder, ObjectUri, Stores, Workflow};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{binaries, root, succeed};

const PROJECT: &str = "tamiz";
const ACCOUNT: &str = "123456789012";
/// Far beyond what any run here takes; a bound, not a measurement.
const PATIENCE: Duration = Duration::from_secs(180);

/// A local AWS that `scripts/deploy.sh` has deployed the stack into. Ended when it is dropped.
pub struct Desk {
    state: TempDir,
    runtime: Runtime,
    stores: Arc<dyn Stores>,
    aws: Aws,
}

/// A mail that went out.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its subject.
    pub subject: String,
    /// The whole text, headers included.
    pub text: String,
}

impl Desk {
    /// Starts and deploys with a pipeline configuration in TOML.
    pub fn deploy(configuration: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let parent = std::process::id().to_string();
        succeed(
            Command::new(root().join("scripts/local-aws/start.sh"))
                .args(["--port", "0", "--die-with", &parent, "--state"])
                .arg(state.path())
                .arg("--bin")
                .arg(binaries()),
        );
        adopt_environment(&state.path().join("env"));
        let config = state.path().join("pipeline.toml");
        std::fs::write(&config, configuration).unwrap();
        succeed(
            Command::new(root().join("scripts/deploy.sh"))
                .args([
                    "up",
                    "--no-canary",
                    "--project",
                    PROJECT,
                    "--email",
                    "ops@example.com",
                    "--accelerator",
                    "cpu",
                    "--batching-window",
                    "1",
                ])
                .arg("--config")
                .arg(config),
        );
        let runtime = Runtime::new().unwrap();
        let aws = runtime.block_on(Aws::load());
        Self { state, runtime, stores: aws.stores(), aws }
    }

    /// A folder of one of the stack's buckets: `input`, `staging`, `results` or `models`.
    pub fn bucket(&self, name: &str) -> Folder {
        let uri: ObjectUri = format!("s3://{PROJECT}-{name}-{ACCOUNT}").parse().unwrap();
        self.stores.open(&uri).unwrap()
    }

    /// Copies a local folder into a bucket.
    pub fn copy_in(&self, folder: &Path, bucket: &str) {
        for path in files_below(folder) {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            self.put(bucket, &name, std::fs::read(&path).unwrap());
        }
    }

    /// Uploads a file for labelling, as a person would.
    pub fn upload(&self, name: &str, content: Vec<u8>) {
        self.put("input", &format!("incoming/{name}"), content);
    }

    /// Takes the events off the input bucket: what is uploaded from here on nobody announces.
    pub fn silence_uploads(&self) {
        let arguments =
            ["s3api", "put-bucket-notification-configuration", "--notification-configuration", "{}", "--bucket"];
        succeed(self.aws_cli().args(arguments).arg(format!("{PROJECT}-input-{ACCOUNT}")));
    }

    /// Uploads under a name of any kind, such as no path of ours can have.
    pub fn upload_as(&self, name: &str, content: Vec<u8>) {
        let file = self.state.path().join("upload");
        std::fs::write(&file, content).unwrap();
        succeed(self.s3api("put-object", name).arg("--body").arg(file));
    }

    /// Deletes an upload, as a person does: its versions stay.
    pub fn delete_upload(&self, name: &str) {
        succeed(&mut self.s3api("delete-object", name));
    }

    fn s3api(&self, operation: &str, name: &str) -> Command {
        let mut command = self.aws_cli();
        let (bucket, key) = (format!("{PROJECT}-input-{ACCOUNT}"), format!("incoming/{name}"));
        command.args(["s3api", operation, "--bucket", &bucket, "--key", &key]);
        command
    }

    /// An object as text.
    pub fn read(&self, bucket: &str, name: &str) -> String {
        self.runtime.block_on(self.bucket(bucket).read_text(name)).unwrap()
    }

    fn put(&self, bucket: &str, name: &str, content: Vec<u8>) {
        self.runtime.block_on(self.bucket(bucket).write(name, content)).unwrap();
    }

    /// Takes the dispatcher's function off the queue, as a deployment that polls by itself does.
    pub fn without_function(&self) {
        let list =
            ["lambda", "list-event-source-mappings", "--query", "EventSourceMappings[].UUID", "--output", "text"];
        let mappings = succeed(self.aws_cli().args(list));
        for mapping in mappings.split_whitespace() {
            succeed(self.aws_cli().args(["lambda", "delete-event-source-mapping", "--uuid", mapping]));
        }
    }

    /// Flags that a dispatcher needs to serve this stack.
    pub fn dispatcher_arguments(&self) -> [String; 6] {
        let query = "Stacks[0].Outputs[?OutputKey=='QueueUrl' || OutputKey=='StateMachineArn'].OutputValue | sort(@)";
        let describe =
            ["cloudformation", "describe-stacks", "--stack-name", PROJECT, "--query", query, "--output", "text"];
        let outputs = succeed(self.aws_cli().args(describe));
        let mut outputs = outputs.split_whitespace().map(str::to_owned);
        let (machine, queue) = (outputs.next().unwrap(), outputs.next().unwrap());
        let flag = |name: &str| format!("--{name}");
        let staging = format!("s3://{PROJECT}-staging-{ACCOUNT}");
        [flag("queue-url"), queue, flag("state-machine-arn"), machine, flag("staging"), staging]
    }

    /// Points a command to this local AWS.
    pub fn aws_environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(std::env::vars().filter(|(key, _)| key.starts_with("AWS_")))
    }

    fn aws_cli(&self) -> Command {
        let mut command = Command::new(root().join("target/venv/bin/aws"));
        self.aws_environment(&mut command);
        command
    }

    /// Waits until as many uploads as `num_claims` belong to runs and every run has ended; answers how.
    pub fn settle(&self, num_claims: usize) -> Vec<(RunId, ExecutionStatus)> {
        self.wait_for("the uploads to go through", || {
            let claims = self.runtime.block_on(self.bucket("staging").list("claims")).unwrap().len();
            let runs = self.executions();
            let done = runs.iter().all(|(_, status)| *status != ExecutionStatus::Running);
            (claims >= num_claims && done && !runs.is_empty()).then_some(runs)
        })
    }

    /// Waits until `look` answers something.
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}; jobs logged:\n{}", self.job_logs());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Every run that has an execution, with its status.
    pub fn executions(&self) -> Vec<(RunId, ExecutionStatus)> {
        let workflow =
            self.aws.workflow(&format!("arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{PROJECT}-pipeline"));
        let runs = self.runtime.block_on(self.bucket("staging").list_folders("runs")).unwrap();
        runs.iter()
            .map(|run| run.parse::<RunId>().unwrap())
            .filter_map(|run| self.runtime.block_on(workflow.status(&run)).unwrap().map(|status| (run, status)))
            .collect()
    }

    /// Summary of a run.
    pub fn summary(&self, run: &RunId) -> Summary {
        let folder = self.bucket("results").child(&format!("runs/{run}"));
        self.runtime.block_on(folder.read_json("summary.json")).unwrap()
    }

    /// Copies a folder of a bucket to the local disk.
    pub fn copy_out(&self, bucket: &str, folder: &str, to: &Path) {
        let source = self.bucket(bucket).child(folder);
        std::fs::create_dir_all(to).unwrap();
        for object in self.runtime.block_on(source.list("")).unwrap() {
            let name = object.location.filename().unwrap().to_owned();
            std::fs::write(to.join(&name), self.runtime.block_on(source.read(&name)).unwrap()).unwrap();
        }
    }

    /// Names of the objects below a folder of a bucket, relative to the bucket.
    pub fn list(&self, bucket: &str, folder: &str) -> Vec<String> {
        let objects = self.runtime.block_on(self.bucket(bucket).list(folder)).unwrap();
        objects.into_iter().map(|object| object.location.to_string()).collect()
    }

    /// Every mail that went out, in order.
    pub fn mails(&self) -> Vec<Mail> {
        let mut texts: Vec<PathBuf> = files_below(&self.state.path().join("mail"));
        texts.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        texts.sort();
        texts.iter().map(|path| Mail::parse(&std::fs::read_to_string(path).unwrap())).collect()
    }

    /// What the jobs logged, for messages of failed tests.
    pub fn job_logs(&self) -> String {
        let logs = files_below(&self.state.path().join("jobs"));
        logs.iter()
            .filter(|path| path.extension().is_some_and(|e| e == "log"))
            .map(|path| format!("--- {}\n{}", path.display(), std::fs::read_to_string(path).unwrap_or_default()))
            .collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = Command::new(root().join("scripts/local-aws/stop.sh")).arg("--state").arg(self.state.path()).status();
    }
}

impl Mail {
    fn parse(text: &str) -> Self {
        let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default();
        Self { subject: subject.to_owned(), text: text.to_owned() }
    }
}

/// Takes the `export KEY=VALUE` lines that the local AWS wrote into this process's environment, where the SDK looks.
fn adopt_environment(file: &Path) {
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let Some((key, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else { continue };
        // SAFETY: the runner gives each test a process of its own, and this is called before the test starts a
        // second thread.
        unsafe { std::env::set_var(key, value.trim_matches(['\'', '"'])) };
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}
