//! What a command line says of AWS, in place of the environment.

use std::sync::OnceLock;

use aws_config::{ConfigLoader, Region};

static CHOICE: OnceLock<Choice> = OnceLock::new();

/// Region, profile and endpoint, as far as a person chose them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Name of the region.
    pub region: Option<String>,
    /// Name of a profile of the AWS configuration files.
    pub profile: Option<String>,
    /// URL in place of the services' own.
    pub endpoint_url: Option<String>,
}

impl Choice {
    /// Makes it hold for everything that this process loads from here on. The first choice stays.
    pub fn make(self) {
        CHOICE.get_or_init(|| self);
    }

    pub(crate) fn applied(loader: ConfigLoader) -> ConfigLoader {
        let Some(Self { region, profile, endpoint_url }) = CHOICE.get().cloned() else { return loader };
        let loader = match region {
            Some(region) => loader.region(Region::new(region)),
            None => loader,
        };
        let loader = match profile {
            Some(profile) => loader.profile_name(profile),
            None => loader,
        };
        match endpoint_url {
            Some(url) => loader.endpoint_url(url),
            None => loader,
        }
    }
}
