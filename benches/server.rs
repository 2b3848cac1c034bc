//! Other people's servers: started in a directory of their own, told to end when dropped.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::Failed;

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// Whom a program runs as.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account of this name, if we are root; nobody else can, or needs to, be somebody else.
    pub fn unprivileged(name: &str) -> Result<Option<Self>, Failed> {
        if std::fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd")?;
        let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        for account in fields {
            if let [found, _, uid, gid, ..] = account[..]
                && found == name
            {
                return Ok(Some(Self { uid: uid.parse()?, gid: gid.parse()? }));
            }
        }
        Err(format!("expected the account {name}, which Debian's package makes, found none").into())
    }
}

/// See the module.
pub struct Server {
    /// How it is started.
    pub command: Command,
    /// Where it keeps its files.
    pub directory: TempDir,
    /// What tells it to end.
    signal: &'static str,
    child: Option<Child>,
}

impl Server {
    /// Not started yet; with a directory that `account` owns. `signal` tells it to end.
    pub fn prepare(program: &Path, account: Option<Account>, signal: &'static str) -> Result<Self, Failed> {
        let directory = tempfile::tempdir()?;
        if let Some(Account { uid, gid }) = account {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let command = Self::command(program, account, directory.path());
        Ok(Self { command, directory, signal, child: None })
    }

    /// A program that runs as `account` in `directory`.
    pub fn command(program: &Path, account: Option<Account>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).stdin(Stdio::null());
        if let Some(Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// What a program says its version is.
    pub fn version(program: &Path) -> Result<String, Failed> {
        let said = Command::new(program).arg("--version").output()?;
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }

    /// Starts it and waits until it listens.
    pub async fn spawn(&mut self, address: &str) -> Result<(), Failed> {
        let child = self.child.insert(self.command.spawn()?);
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = child.try_wait()? {
                return Err(format!("{:?} ended at once: {status}", self.command.get_program()).into());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{:?} did not listen on {address}", self.command.get_program()).into());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Tells it to end, and kills it if it does not.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        drop(Command::new("kill").args(["-s", self.signal, &child.id().to_string()]).status());
        let began = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
        }
        // It has ended, or it must.
        drop(child.kill());
        drop(child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
