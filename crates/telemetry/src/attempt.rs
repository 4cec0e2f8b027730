//! Which attempt of a job this process is.

/// What AWS Batch says of a job's attempts. Outside Batch there is one, which is the last.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Attempt {
    /// Number of this attempt, from 1
    #[arg(long = "attempt", env = "AWS_BATCH_JOB_ATTEMPT", value_name = "N", default_value_t = 1, hide = true)]
    pub number: u32,
    /// How often the job is tried in all, as its job definition says
    #[arg(long = "attempts", env = "TAMIZ_ATTEMPTS", value_name = "N", default_value_t = 1, hide = true)]
    pub of: u32,
}

impl Attempt {
    /// Whether none comes after it.
    pub fn is_last(self) -> bool {
        self.number >= self.of
    }
}
