//! Why a stage failed, in words: the job's own note where it left one, else what AWS says.

use serde_json::Value;
use tamiz_domain::{FailedCause, FailureNote, printable};

use crate::language::{Language, say, sayable};

/// A failed stage as an operator wants it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// The stage as the state machine names it.
    pub(crate) stage: String,
    /// What happened, in a few words for a subject.
    pub(crate) headline: String,
    /// What happened, one sentence or message each, outermost first.
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) remedy: String,
    /// Where to look first.
    pub(crate) look: Look,
}

/// Where the trace of a failure is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// In the log of the stage's job.
    JobLog,
    /// In the folder of the model's name: no job was started.
    ModelFolder,
}

/// Finds the cause of a failure. A note of the job itself knows more than AWS does, so it comes first; a job
/// that was killed leaves none. What they say themselves is English in every language.
pub(crate) fn diagnose(cause: &FailedCause, notes: &[FailureNote], lang: Language) -> Diagnosis {
    let stage = printable(&cause.stage);
    let mut of_stage = notes.iter().filter(|note| note.stage.to_string() == cause.stage);
    match of_stage.next() {
        Some(note) => of_note(stage, note, of_stage.count(), lang),
        None => of_aws(stage, cause, lang),
    }
}

fn of_note(stage: String, note: &FailureNote, others: usize, lang: Language) -> Diagnosis {
    let mut causes: Vec<String> = note.chain.iter().map(|message| printable(message)).collect();
    let headline = format!("{stage}: {}", causes.first().map_or(lang.word("no message"), String::as_str));
    if others > 0 {
        let jobs = lang.count_of(others as u64, "other job");
        causes.push(say!(lang, "{jobs} of the same stage failed as well.", jobs));
    }
    let remedy = note.remedy.as_deref().map_or_else(|| lang.word(LOOK).to_owned(), printable);
    Diagnosis { stage, headline, causes, remedy, look: Look::JobLog }
}

fn of_aws(stage: String, cause: &FailedCause, lang: Language) -> Diagnosis {
    let told = cause.cause.as_ref().map(told).unwrap_or_default();
    let kind = Kind::of(&cause.error, &told);
    let (headline, meaning, remedy) = kind.words();
    let mut causes = vec![lang.word(meaning).to_owned()];
    let said =
        if told.is_empty() { printable(&cause.error) } else { format!("{} ({})", told, printable(&cause.error)) };
    causes.push(say!(lang, "AWS says: {said}", said));
    let look = if kind == Kind::NoModel { Look::ModelFolder } else { Look::JobLog };
    let headline = say!(lang, "{headline} in {stage}", headline = lang.word(headline), stage);
    Diagnosis { headline, stage, causes, remedy: lang.word(remedy).to_owned(), look }
}

/// The cause as one line. The state machine sends a sentence; by hand it may be the whole job as
/// `aws batch describe-jobs` shows it, of which the reasons and the exit code are kept.
fn told(cause: &Value) -> String {
    let Value::Object(job) = cause else {
        return printable(cause.as_str().map_or_else(|| cause.to_string(), str::to_owned).trim());
    };
    let field = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let container = job.get("Container").or_else(|| job.get("container"));
    let inner = |upper: &str, lower: &str| container.and_then(|c| c.get(upper).or_else(|| c.get(lower)));
    let exit_code = inner("ExitCode", "exitCode").and_then(Value::as_i64).map(|code| format!("exit code {code}"));
    let reason = field(job.get("StatusReason").or_else(|| job.get("statusReason")));
    let parts = [reason, exit_code, field(inner("Reason", "reason"))];
    printable(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

const LOOK: &str = sayable!("Look at the job's log for the line at level ERROR.");

/// What AWS's words amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    OutOfMemory,
    SpotStop,
    TimedOut,
    ImagePull,
    NoCapacity,
    NoSuchMachine,
    Ceiling,
    Quota,
    BadInput,
    Configuration,
    Transient,
    Bug,
    NoModel,
    Unknown,
}

impl Kind {
    fn of(error: &str, told: &str) -> Self {
        let says = |words: &str| told.to_ascii_lowercase().contains(words);
        // Texts before exit codes: a reclaimed host and a full memory both end in 137.
        if says("host ec2") {
            Self::SpotStop
        } else if says("cannotpullcontainer") {
            Self::ImagePull
        } else if says("insufficient_instance_capacity") {
            Self::NoCapacity
        } else if says("job_resource_requirement") {
            Self::NoSuchMachine
        } else if says("compute_environment_max_resource") {
            Self::Ceiling
        } else if says("vcpulimitexceeded") || says("max_spot_instance_count_exceeded") {
            Self::Quota
        } else if error == "States.Timeout" || says("exceeded timeout") || says("timed out") {
            Self::TimedOut
        } else if says("outofmemory") {
            Self::OutOfMemory
        } else if says("latest.json") {
            Self::NoModel
        } else {
            exit_code(told).map_or(Self::Unknown, Self::of_exit_code)
        }
    }

    fn of_exit_code(code: u32) -> Self {
        match code {
            137 => Self::OutOfMemory,
            143 => Self::SpotStop,
            75 => Self::Transient,
            3 => Self::BadInput,
            2 => Self::Configuration,
            _ => Self::Bug,
        }
    }

    /// Headline, meaning and remedy.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        sayable!(match self {
            Self::OutOfMemory => (
                "out of memory",
                "The job was killed because it needed more memory than its job definition allows.",
                "Raise MEMORY in its job definition (infra/jobs.yaml) and deploy, or lower etl.rows_per_shard.",
            ),
            Self::SpotStop => (
                "machine taken back",
                "AWS took the machine back more often than the job may be tried (Spot).",
                "Run it again; if this repeats, let the job queue fall back on on-demand machines.",
            ),
            Self::TimedOut => (
                "timed out",
                "The job took longer than its timeout allows.",
                "Upload the data in smaller files, or raise the timeouts of the job definition and of the state.",
            ),
            Self::ImagePull => (
                "image not pulled",
                "The job's container image could not be pulled.",
                "Push the images with scripts/deploy.sh, and check the subnets' route to the registry.",
            ),
            Self::NoCapacity => (
                "no machine to be had",
                "The job waited for a machine until the queue gave it up: AWS had none of the kinds that it may run on.",
                "Run it again later, or allow more kinds of machines or zones in the compute environment.",
            ),
            Self::NoSuchMachine => (
                "no machine fits",
                "The job asks for more processors, memory or GPUs than any machine of its compute environment has.",
                "Lower what its job definition asks for (infra/jobs.yaml), or allow larger machines (configs/aws.toml), and deploy.",
            ),
            Self::Ceiling => (
                "processor ceiling",
                "The job asks for more processors than its compute environment may have at all.",
                "Raise max_accelerator_vcpus or max_fargate_vcpus (configs/aws.toml) and deploy.",
            ),
            Self::Quota => (
                "account quota",
                "The account may not run as many machines of this kind.",
                "Ask for a higher quota in Service Quotas (EC2, running instances), then run it again.",
            ),
            Self::BadInput => ("bad input", "The job refused its input (exit code 3).", LOOK),
            Self::Configuration => {
                ("bad configuration", "The job was called or configured wrongly (exit code 2).", LOOK)
            }
            Self::Transient => (
                "service unavailable",
                "A service did not answer as it should, on every attempt (exit code 75).",
                "Check the AWS Health dashboard, then run it again.",
            ),
            Self::Bug => ("job broke off", "The job ended in a way that it should not.", LOOK),
            Self::NoModel => (
                "no model",
                "There is no model in use, or its pointer latest.json cannot be read.",
                "Train and register a first model, then run it again.",
            ),
            Self::Unknown => ("stage failed", "The stage failed outside of its job.", LOOK),
        })
    }
}

/// The number after `exit code`.
fn exit_code(told: &str) -> Option<u32> {
    let (_, rest) = told.split_once("exit code ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tamiz_domain::Stage;

    fn cause(error: &str, cause: Value) -> FailedCause {
        FailedCause { stage: "inference".into(), error: error.into(), cause: Some(cause) }
    }

    #[test]
    fn what_aws_says_is_told_in_words() {
        let failed = "States.TaskFailed";
        let table = [
            (failed, json!("job a: Essential container in task exited, exit code 137"), "out of memory"),
            (failed, json!("job a: Task failed, exit code 1, OutOfMemoryError: Container killed"), "out of memory"),
            (failed, json!("job a: Host EC2 (instance i-0123456789) terminated., exit code 137"), "machine taken back"),
            (failed, json!("job a: Job attempt duration exceeded timeout"), "timed out"),
            ("States.Timeout", Value::Null, "timed out"),
            (
                failed,
                json!(
                    "job a: Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
                ),
                "no machine to be had",
            ),
            (
                failed,
                json!("Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
                "no machine fits",
            ),
            (
                failed,
                json!(
                    "Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
                ),
                "processor ceiling",
            ),
            (failed, json!("VcpuLimitExceeded: You have requested more vCPU capacity"), "account quota"),
            (failed, json!("job a: CannotPullContainerError: pull access denied"), "image not pulled"),
            (failed, json!("job a: Essential container in task exited, exit code 3"), "bad input"),
            (failed, json!("job a: Essential container in task exited, exit code 2"), "bad configuration"),
            (failed, json!("job a: Essential container in task exited, exit code 75"), "service unavailable"),
            (failed, json!("job a: Essential container in task exited, exit code 101"), "job broke off"),
            ("S3.NoSuchKeyException", json!("could not read s3://models/polarity/latest.json"), "no model"),
            ("States.Runtime", json!("see the history of execution x"), "stage failed"),
            (failed, json!({"StatusReason": "exited", "Container": {"ExitCode": 137}}), "out of memory"),
        ];
        for (error, told, words) in table {
            let diagnosis = diagnose(&cause(error, told.clone()), &[], Language::English);
            assert_eq!(diagnosis.headline, format!("{words} in inference"), "{told}");
        }
    }

    #[test]
    fn the_jobs_own_note_comes_before_what_aws_says_and_only_for_its_stage() {
        let note = |stage, index| FailureNote {
            stage,
            index,
            chain: vec!["failed to load the model".into(), "digest differs".into()],
            disposition: "halt".into(),
            remedy: Some("Register the model again.".into()),
        };
        let aws = cause("States.TaskFailed", json!("exit code 2"));
        let notes = [note(Stage::Etl, 0), note(Stage::Inference, 0), note(Stage::Inference, 1)];
        let told = diagnose(&aws, &notes, Language::English);
        assert_eq!(told.headline, "inference: failed to load the model");
        assert_eq!(
            told.causes,
            ["failed to load the model", "digest differs", "1 other job of the same stage failed as well."]
        );
        assert_eq!(diagnose(&aws, &notes[..1], Language::English).headline, "bad configuration in inference");
    }
}
