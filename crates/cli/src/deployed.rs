//! The deployment that a command works on.

use tamiz_aws::{Aws, Deployment};

use crate::error::CommandError;

/// Which deployment.
#[derive(Debug, Clone, clap::Args)]
pub struct Deployed {
    /// Name of the deployment; region and credentials come from where every AWS program takes them (AWS_REGION,
    /// AWS_PROFILE, …)
    #[arg(long, env = "TAMIZ_PROJECT", value_name = "NAME", default_value = "tamiz")]
    project: String,
}

impl Deployed {
    /// Finds the deployment; `found` is the name that a place at hand tells, and goes before the flag's default.
    pub async fn find(&self, found: Option<String>) -> Result<(Aws, Deployment), CommandError> {
        let aws = Aws::load().await;
        let project = found.unwrap_or_else(|| self.project.clone());
        let deployment = Deployment::find(&aws, &project).await.map_err(CommandError::stage)?;
        Ok((aws, deployment))
    }
}
