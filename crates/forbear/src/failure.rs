//! How a command fails: a sentence, and an exit code.

use std::fmt;
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// What is printed.
    pub message: String,
    /// Refused or failed (1), wrongly asked (2), or not answered (3).
    pub code: u8,
}

impl Failure {
    /// Refused or failed.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// The command line or a file is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// Nobody answers; the same command may succeed later.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 3 }
    }

    /// As an exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
