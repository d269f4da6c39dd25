//! Where a command finds the station's configuration or data: the same options everywhere.

use crate::config::{self, Config};
use crate::fail::Failure;
use std::path::{Path, PathBuf};

/// `--config FILE or --data-dir DIR`
#[derive(clap::Args)]
pub(super) struct Place {
    /// Configuration that names the data folder [default: /etc/flashjig/flashjig.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    config: Option<PathBuf>,
    /// The data folder itself, without a configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    /// Whether the data folder itself is named.
    pub(super) fn has_data_dir(&self) -> bool {
        self.data_dir.is_some()
    }

    /// The configuration, if one is named.
    pub(super) fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The data folder, if it is named itself.
    pub(super) fn named_data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// The configuration that is named, or the usual one.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        load(self.config.as_deref().unwrap_or(Path::new(config::DEFAULT_PATH)))
    }

    /// The options that name it again, for a command that a message tells: each with a space before it.
    pub(super) fn options(&self) -> String {
        let option = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or_else(String::new, |path| format!(" {name} {}", path.display()))
        };
        option("--config", &self.config) + &option("--data-dir", &self.data_dir)
    }

    /// The data folder.
    pub(super) fn data_dir(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.data_dir {
            return Ok(folder.clone());
        }
        let file = self.config.as_deref().unwrap_or(Path::new(config::DEFAULT_PATH));
        Ok(load(file)?.data_dir)
    }
}

/// A usable configuration; its warnings are `flashjig check`'s business.
pub(super) fn load(file: &Path) -> Result<Config, Failure> {
    config::load(file)
        .map(|(config, _)| config)
        .map_err(|problems| Failure::broken(format!("the configuration can't be used:\n{problems}")))
}
