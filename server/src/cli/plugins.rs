//! `keyrack plugins`: which there are, and which are on (spec 5.12).

use clap::Subcommand;
use plugin_host::{By, Plugin, Plugins};

/// What to do with plug-ins.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the plug-ins and whether they are on.
    List,
    /// Show a plug-in and how it is set.
    Info {
        /// Its name, as `list` shows it.
        name: String,
    },
    /// Switch a plug-in on. Servers that run follow at once.
    Enable {
        /// Its name.
        name: String,
    },
    /// Switch a plug-in off. Servers that run follow at once.
    Disable {
        /// Its name.
        name: String,
    },
}

/// Does what the command says.
pub async fn run(command: Command, plugins: &Plugins) -> anyhow::Result<()> {
    plugins.load().await?;
    match command {
        Command::List => {
            for plugin in plugins.list() {
                println!("{}", line(&plugin));
            }
        }
        Command::Info { name } => {
            let plugin = plugins.get(&name)?;
            println!("{}\n{}", line(&plugin), plugin.manifest.description);
            if !plugin.manifest.dependencies.is_empty() {
                println!("Needs: {}", plugin.manifest.dependencies.join(", "));
            }
            for (key, value) in &plugin.config {
                println!("{key} = {value}");
            }
        }
        Command::Enable { name } => {
            let was_on = plugins.get(&name)?.is_on;
            plugins.enable(By::Machine, &name).await?;
            println!("Plugin '{name}' {}.", if was_on { "already enabled" } else { "enabled" });
        }
        Command::Disable { name } => {
            let was_on = plugins.get(&name)?.is_on;
            plugins.disable(By::Machine, &name).await?;
            println!("Plugin '{name}' {}.", if was_on { "disabled" } else { "already disabled" });
        }
    }
    Ok(())
}

fn line(plugin: &Plugin) -> String {
    let status = if plugin.is_on { "enabled" } else { "disabled" };
    format!("{} ({}) — {status}", plugin.manifest.name, plugin.manifest.version)
}
