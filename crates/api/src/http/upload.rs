//! A request body as something that a thread can read, with a bounded amount of it in memory.

use std::io::{self, Read};

use axum::body::{Body, Bytes};
use futures::StreamExt;
use tokio::sync::mpsc;

/// Chunks that may wait for the reader: about a megabyte.
const CHUNKS_MAX: usize = 16;

/// Reads a body that [`upload`] feeds.
pub(super) struct UploadReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    failed: bool,
}

/// Feeds a body to a reader until either ends.
pub(super) fn upload(body: Body) -> UploadReader {
    let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
    tokio::spawn(async move {
        let mut body = body.into_data_stream();
        while let Some(chunk) = body.next().await {
            if sender.send(chunk.map_err(io::Error::other)).await.is_err() {
                break;
            }
        }
    });
    UploadReader { chunks, current: Bytes::new(), failed: false }
}

impl Read for UploadReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.failed {
                return Err(io::Error::other("the upload was cut off"));
            }
            match self.chunks.blocking_recv() {
                None => return Ok(0),
                Some(Ok(chunk)) => self.current = chunk,
                Some(Err(error)) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
        let length = self.current.len().min(out.len());
        out[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}
