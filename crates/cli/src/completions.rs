//! `tamiz completions` and `tamiz man`: for the shell, and for the manual.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::error::CommandError;

/// Write the completions of a shell to stdout: source <(tamiz completions bash)
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Write the manual pages, one for each command
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The folder to write into, such as ~/.local/share/man/man1
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints the completions.
pub fn completions(arguments: &Completions, mut command: Command) -> Result<ExitCode, CommandError> {
    clap_complete::generate(arguments.shell, &mut command, "tamiz", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages.
pub fn man(arguments: &Man, command: Command) -> Result<ExitCode, CommandError> {
    let folder = &arguments.folder;
    let fail = |source| CommandError::Write { path: folder.clone(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    clap_mangen::generate_to(command, folder).map_err(fail)?;
    Ok(ExitCode::SUCCESS)
}
