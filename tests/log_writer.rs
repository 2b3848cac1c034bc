//! Appends to the embedded store in the directory given, as fast as it can, until it is killed. Prints the
//! trailer of each record once it is acknowledged.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;

use eventlog::conformance::Author;
use eventlog::embedded::EmbeddedLog;
use eventlog::{Append, Log};
use events::{RecordHash, StreamId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    let [dir, stream] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "expected two arguments: a directory and a stream such as gate/0".to_owned())?;
    let stream: StreamId = stream.parse().map_err(|error| format!("{error}"))?;
    let log = EmbeddedLog::open(Path::new(&dir)).map_err(|error| error.to_string())?;
    let mut author = Author::elect(&log, stream).await?;
    let mut in_flight = VecDeque::<(RecordHash, Append)>::new();
    let mut out = std::io::stdout().lock();
    for events in [1, 30, 250, 2, 4000].into_iter().cycle() {
        in_flight.push_back(author.append(events).await);
        if in_flight.len() == log.in_flight_max()
            && let Some((hash, append)) = in_flight.pop_front()
        {
            if let Err(error) = append.await {
                // What kill_store reads after a disk has refused: the failure, and whether the store goes on.
                let after =
                    log.head(stream).await.map_or_else(|error| error.to_string(), |_| "goes on".to_owned());
                return Err(format!("{error}\nafterwards: {after}"));
            }
            writeln!(out, "{hash:?}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
