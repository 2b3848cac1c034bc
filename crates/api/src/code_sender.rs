//! How a one-time code reaches the person whose number it is.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use model::PhoneNumber;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long the operator's command may take.
const SEND_WITHIN: Duration = Duration::from_secs(15);

/// Sends a text to a number. Implementations never log either.
#[async_trait]
pub trait CodeSender: Send + Sync {
    /// Sends, and says what became of it.
    async fn send(&self, number: &PhoneNumber, text: &str) -> Result<Delivery, SendError>;
}

/// What became of a code.
#[derive(Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Sent,
    /// It was not sent. The page shows this text instead and says that this is a demonstration.
    Shown(String),
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sent => "Sent",
            Self::Shown(_) => "Shown(hidden)",
        })
    }
}

/// Why a code was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The operator has not said how.
    #[error(
        "expected a way to send codes, none is configured; set code_command to a program that sends texts"
    )]
    NotConfigured,
    /// The program did not run.
    #[error("expected the code command to run, got: {0}; check code_command")]
    Start(std::io::Error),
    /// The program said no.
    #[error("expected the code command to end with status 0, got {0}; see its own log")]
    Failed(std::process::ExitStatus),
    /// The program did not end.
    #[error("expected the code command to end within {} s; check the message gateway", SEND_WITHIN.as_secs())]
    Late,
}

/// No way is configured.
#[derive(Debug, Clone, Copy)]
pub struct NoSender;

#[async_trait]
impl CodeSender for NoSender {
    async fn send(&self, _number: &PhoneNumber, _text: &str) -> Result<Delivery, SendError> {
        Err(SendError::NotConfigured)
    }
}

/// Shows the code to whoever asks: for demonstrations only, since it proves nothing.
#[derive(Debug, Clone, Copy)]
pub struct DisplayOnly;

#[async_trait]
impl CodeSender for DisplayOnly {
    async fn send(&self, _number: &PhoneNumber, text: &str) -> Result<Delivery, SendError> {
        Ok(Delivery::Shown(text.to_owned()))
    }
}

/// Runs a program of the operator for each code. It reads the number (E.164) from the first line of its input and
/// the text from the rest; status 0 means sent. Nothing is passed as an argument, where other users could see it.
#[derive(Debug, Clone)]
pub struct CommandSender {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

#[async_trait]
impl CodeSender for CommandSender {
    async fn send(&self, number: &PhoneNumber, text: &str) -> Result<Delivery, SendError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(SendError::Start)?;
        let input = format!("{}\n{text}\n", number.e164());
        let talk = async {
            if let Some(mut stdin) = child.stdin.take() {
                // A program may end without reading; its status tells.
                drop(stdin.write_all(input.as_bytes()).await);
            }
            child.wait().await
        };
        let ended = tokio::time::timeout(SEND_WITHIN, talk).await.map_err(|_| SendError::Late)?;
        let status = ended.map_err(SendError::Start)?;
        if status.success() { Ok(Delivery::Sent) } else { Err(SendError::Failed(status)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number() -> PhoneNumber {
        PhoneNumber::parse("13812345678", Some("CN")).expect("number")
    }

    fn shell(script: String) -> CommandSender {
        CommandSender { program: "sh".to_owned(), arguments: vec!["-c".to_owned(), script] }
    }

    #[tokio::test]
    async fn given_a_command_when_sent_then_it_reads_number_and_text() {
        let directory = tempfile::tempdir().expect("directory");
        let file = directory.path().join("sent");
        let sent = shell(format!("cat > {}", file.display())).send(&number(), "code 123456").await;
        assert_eq!(sent.expect("sent"), Delivery::Sent);
        assert_eq!(std::fs::read_to_string(file).expect("file"), "+8613812345678\ncode 123456\n");
    }

    #[tokio::test]
    async fn given_a_command_that_fails_or_is_not_there_then_it_is_said_without_the_number() {
        let failed = shell("exit 3".to_owned()).send(&number(), "x").await.expect_err("status 3");
        assert!(matches!(failed, SendError::Failed(_)));
        assert!(!failed.to_string().contains("138"));
        let absent = CommandSender { program: "/nowhere/program".to_owned(), arguments: Vec::new() };
        assert!(matches!(absent.send(&number(), "x").await, Err(SendError::Start(_))));
        assert!(matches!(NoSender.send(&number(), "x").await, Err(SendError::NotConfigured)));
    }
}
