//! A file of JSON lines, sent in parts.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::failure::Failure;

/// Lines of one request; the platform takes 10,000.
const PART: usize = 5_000;

/// A file that is open.
pub(super) struct LinesFile {
    name: String,
    lines: std::io::Lines<BufReader<File>>,
    /// Lines read so far.
    read: usize,
}

/// Some lines of a file.
pub(super) struct Part {
    /// Their numbers in the file, from 1.
    pub numbers: Vec<usize>,
    /// Their text.
    pub body: Vec<u8>,
}

impl LinesFile {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        Ok(Self { name, lines: BufReader::new(file).lines(), read: 0 })
    }

    /// Sends it all; `take` gets the number of each line that is not blank, and its answer. Its commands are named by
    /// `name`; without one, by their place and content, so that the same file again is the same commands.
    pub(super) fn send(
        mut self,
        client: &Client,
        path: &str,
        name: Option<&str>,
        mut take: impl FnMut(usize, Value),
    ) -> Result<(), Failure> {
        for nth in 0_u64.. {
            let Some(Part { numbers, body }) = self.part()? else { break };
            let key = match name {
                Some(name) => format!("{name}/{nth}"),
                None => digest(nth, &body),
            };
            let mut answered = numbers.iter();
            client.lines(path, "application/x-ndjson", Some(&key), Cursor::new(body), |answer| {
                if let Some(number) = answered.next() {
                    take(*number, answer);
                }
            })?;
            if answered.next().is_some() {
                return Err(Failure::unavailable("the platform broke off; the same file again completes it"));
            }
        }
        Ok(())
    }

    /// The next lines with their numbers; blank ones are left out.
    pub(super) fn part(&mut self) -> Result<Option<Part>, Failure> {
        let (mut numbers, mut body) = (Vec::new(), Vec::new());
        while numbers.len() < PART {
            let Some(line) = self.lines.next() else { break };
            let line = line.map_err(|error| Failure::usage(format!("{}: {error}", self.name)))?;
            self.read += 1;
            if !line.trim().is_empty() {
                numbers.push(self.read);
                body.extend_from_slice(line.as_bytes());
                body.push(b'\n');
            }
        }
        Ok((!numbers.is_empty()).then_some(Part { numbers, body }))
    }
}

/// A name for a part.
fn digest(nth: u64, body: &[u8]) -> String {
    let digest = Sha256::new().chain_update(nth.to_be_bytes()).chain_update(body).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
