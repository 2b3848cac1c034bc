//! Bodies of many JSON objects, one a line, read as they come.

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::{Buf, BytesMut};
use events::Refusal;
use futures::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;

use super::input::{malformed, without_input};
use super::lines::JSON_LINES;
use super::problem::Problem;

/// Most lines of one request. Their answers are kept until they are read: a client may send all before it reads.
pub(super) const LINES_MAX: usize = 10_000;

/// Longest line, in bytes.
const LINE_MAX: usize = 16 * 1024;

/// A body of JSON lines.
pub(super) struct JsonLines(Body);

impl<S: Send + Sync> FromRequest<S> for JsonLines {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.starts_with(JSON_LINES)) {
            let refusal = malformed(format!("expected Content-Type: {JSON_LINES}"));
            return Err(Problem::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal));
        }
        Ok(Self(request.into_body()))
    }
}

impl JsonLines {
    /// Each line, or why it does not read. Nothing follows a line that is too long, one too many, or a body that broke off.
    pub(super) fn read<T: DeserializeOwned + Send>(self) -> impl Stream<Item = Result<T, Refusal>> + Send {
        let reading =
            Reading { data: self.0.into_data_stream(), buffer: BytesMut::new(), line: 0, ended: false };
        stream::unfold(reading, |mut reading| async move {
            let line = reading.next().await?;
            let number = reading.line;
            let read = line.and_then(|line| {
                serde_json::from_slice(&line)
                    .map_err(|error| malformed(format!("line {number}: {}", without_input(&error))))
            });
            Some((read, reading))
        })
    }
}

struct Reading {
    data: BodyDataStream,
    buffer: BytesMut,
    line: usize,
    ended: bool,
}

impl Reading {
    /// The next line that is not blank.
    async fn next(&mut self) -> Option<Result<BytesMut, Refusal>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end);
                self.buffer.advance(1);
                match self.counted(line) {
                    None => continue,
                    line => return line,
                }
            }
            if self.ended {
                let rest = self.buffer.split();
                return self.counted(rest);
            }
            if self.buffer.len() > LINE_MAX {
                return self.stop(format!("line {}: expected at most {LINE_MAX} bytes", self.line + 1));
            }
            match self.data.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(_)) => return self.stop(format!("after line {}: the body broke off", self.line)),
                None => self.ended = true,
            }
        }
    }

    fn counted(&mut self, line: BytesMut) -> Option<Result<BytesMut, Refusal>> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        self.line += 1;
        if self.line > LINES_MAX {
            return self.stop(format!("expected at most {LINES_MAX} lines, got more"));
        }
        Some(Ok(line))
    }

    fn stop(&mut self, why: String) -> Option<Result<BytesMut, Refusal>> {
        self.ended = true;
        self.buffer.clear();
        Some(Err(malformed(why)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    async fn read(body: &str) -> Vec<Result<Value, Refusal>> {
        JsonLines(Body::from(body.to_owned())).read().collect().await
    }

    #[tokio::test]
    async fn given_lines_when_read_then_each_is_told_and_a_wrong_one_stops_no_other() {
        let lines = read("{\"a\": 1}\n\n{13812345678}\n{\"a\": 2}").await;
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].as_ref().map(|value| value["a"].clone()), Ok(1.into()));
        let refusal = lines[1].as_ref().expect_err("no JSON").to_string();
        assert!(refusal.contains("line 2") && !refusal.contains("138"), "{refusal}");
        assert_eq!(lines[2].as_ref().map(|value| value["a"].clone()), Ok(2.into()));
    }

    #[tokio::test]
    async fn given_a_line_too_long_or_one_too_many_then_nothing_follows() {
        let long = read(&format!("1\n{}\n2", "3".repeat(2 * LINE_MAX))).await;
        assert_eq!(long.len(), 3, "a long line that came whole is read");
        let many = read(&"1\n".repeat(LINES_MAX + 5)).await;
        assert!(many.len() == LINES_MAX + 1 && many[LINES_MAX].is_err());
    }
}
