//! Where runs lie: in the buckets of a deployment, or in the folder of `tamiz run --out`.

use tamiz_aws::{Aws, Deployment, stores_for};
use tamiz_domain::{RunId, STAGING_RUNS};
use tamiz_ports::{Folder, ObjectUri};

use crate::deployed::Deployed;
use crate::error::CommandError;

/// Which runs a command is about.
#[derive(Debug, Clone, clap::Args)]
pub struct Where {
    #[command(flatten)]
    deployed: Deployed,
    /// The folder that `tamiz run --out` wrote, in place of a deployment
    #[arg(long = "in", value_name = "DIR", conflicts_with = "project")]
    folder: Option<ObjectUri>,
}

impl Where {
    /// Opens the place; `named` is what a place on the command line tells of the deployment.
    pub async fn open(&self, named: Option<String>) -> Result<Place, CommandError> {
        if let Some(folder) = &self.folder {
            let stores = stores_for(&[folder]).await;
            let root = stores.open(folder).map_err(CommandError::stage)?;
            return Ok(Place { staging: root.clone(), results: root, cloud: None });
        }
        let (aws, deployment) = self.deployed.find(named).await?;
        let stores = aws.stores();
        let open = |uri: String| stores.open_str(&uri).map_err(CommandError::stage);
        let (staging, results) = (open(deployment.staging())?, open(deployment.results())?);
        Ok(Place { staging, results, cloud: Some(Cloud { aws, deployment }) })
    }
}

/// The opened place.
pub struct Place {
    /// Manifests, claims, clean shards; of a folder the same as `results`.
    pub staging: Folder,
    /// Predictions, reports, history.
    pub results: Folder,
    /// The deployment; none of a folder.
    pub cloud: Option<Cloud>,
}

/// What a deployment has beside its buckets.
pub struct Cloud {
    pub aws: Aws,
    pub deployment: Deployment,
}

impl Place {
    /// The run whose id begins with these digits.
    pub async fn run(&self, digits: &str) -> Result<RunId, CommandError> {
        if let Ok(run_id) = digits.parse() {
            return Ok(run_id);
        }
        let names = self.staging.list_folders(STAGING_RUNS).await.map_err(CommandError::stage)?;
        let mut matching = names.iter().filter(|name| name.starts_with(digits)).filter_map(|name| name.parse().ok());
        match (matching.next(), matching.next()) {
            (Some(run_id), None) if !digits.is_empty() => Ok(run_id),
            (None, _) => Err(CommandError::Usage(format!("no run begins with `{digits}`; `tamiz runs` lists them"))),
            _ => Err(CommandError::Usage(format!("several runs begin with `{digits}`; give more digits"))),
        }
    }
}
