//! A client of the platform's HTTP interface.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api::{Principal, SignIn};
use model::Timestamp;
use serde_json::Value;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder, SendBody, Timeout};
use vault::MasterKey;

use crate::cli::Server;
use crate::failure::Failure;

/// How long a token made for one command lasts.
const TOKEN_MS: i64 = 3_600_000;
/// How long an answer may take, of commands and questions that are answered at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long a command is sent again whose answer was lost: longer than another process needs to take over.
const RETRY_FOR: Duration = Duration::from_secs(15);
/// Before it is sent again.
const PAUSE: Duration = Duration::from_millis(300);
/// Longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 * 1024 * 1024;

/// A client, signed in.
pub struct Client {
    agent: Agent,
    /// Waits for an answer as long as it takes.
    patient: Agent,
    server: String,
    token: Option<String>,
}

impl Client {
    /// As the token says, or else as the operator, if the vault key can be read.
    pub fn signed_in(server: &Server) -> Result<Self, Failure> {
        let token = match &server.token {
            Some(token) => token.clone(),
            None => {
                let path = server.vault_key.clone().unwrap_or_else(|| server.data.join(MasterKey::FILE_NAME));
                let key = MasterKey::load(&path).map_err(|error| {
                    Failure::usage(format!(
                        "expected --token, or the vault key of a platform on this machine by --data or --vault-key: {error}"
                    ))
                })?;
                token(&key, Principal::Operator, TOKEN_MS)?
            }
        };
        Ok(Self { token: Some(token), ..Self::anonymous(&server.server) })
    }

    /// As nobody.
    pub fn anonymous(server: &str) -> Self {
        let config = |answer: Option<Duration>| {
            Agent::config_builder()
                .http_status_as_error(false)
                .timeout_connect(Some(Duration::from_secs(5)))
                .timeout_recv_response(answer)
                .build()
        };
        Self {
            agent: config(Some(ANSWER_WITHIN)).into(),
            patient: config(None).into(),
            server: server.trim_end_matches('/').to_owned(),
            token: None,
        }
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.read(request.call()).map_err(|miss| miss.failure)
    }

    /// Commands. If the answer is lost, it is sent again, under the same name.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.post_as(path, body, &retry_key()?)
    }

    /// Commands, by this name: the same name again gives the first answer.
    pub fn post_as(&self, path: &str, body: &Value, retry_key: &str) -> Result<Value, Failure> {
        let body = body.to_string();
        self.until_answered(|| {
            let request = self.request(&self.agent, path, "application/json");
            request.header("Idempotency-Key", retry_key).send(&body)
        })
    }

    /// Asks what only a body can say, such as a number, and waits for as long as it takes.
    pub fn question(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.request(&self.patient, path, "application/json");
        self.read(request.send(body.to_string())).map_err(|miss| miss.failure)
    }

    /// The same of many things, a line of JSON each.
    pub fn question_lines(&self, path: &str, lines: Vec<u8>) -> Result<Value, Failure> {
        let request = self.request(&self.patient, path, "application/x-ndjson");
        self.read(request.send(&lines[..])).map_err(|miss| miss.failure)
    }

    /// Commands what its path says in full, and waits for as long as it takes. A body that the platform does not
    /// read could break the connection before its answer is here.
    pub fn order(&self, path: &str) -> Result<Value, Failure> {
        let retry_key = retry_key()?;
        self.until_answered(|| {
            let request = self.request(&self.patient, path, "application/json");
            request.header("Idempotency-Key", &retry_key).send_empty()
        })
    }

    /// Commands, with a long body. It can be read only once, so it is sent only once.
    pub fn upload(
        &self,
        path: &str,
        query: &[(&str, String)],
        reader: impl Read + 'static,
    ) -> Result<Value, Failure> {
        let body = SendBody::from_owned_reader(reader);
        let mut request = self.request(&self.patient, path, "application/octet-stream");
        for (name, value) in query {
            request = request.query(name, value);
        }
        self.read(request.send(body)).map_err(|miss| miss.failure)
    }

    /// Asks what takes long, and takes the answer line by line as it comes. It is sent once.
    pub fn lines(
        &self,
        path: &str,
        content_type: &str,
        retry_key: Option<&str>,
        body: impl Read + 'static,
        mut take: impl FnMut(Value),
    ) -> Result<(), Failure> {
        let mut request = self.request(&self.patient, path, content_type);
        if let Some(key) = retry_key {
            request = request.header("Idempotency-Key", key);
        }
        let mut response = match request.send(SendBody::from_owned_reader(body)) {
            Ok(response) if response.status().is_success() => response,
            other => return self.read(other).map(drop).map_err(|miss| miss.failure),
        };
        let reader = BufReader::new(response.body_mut().with_config().limit(u64::MAX).reader());
        for line in reader.lines() {
            let cut = |error| Failure::unavailable(format!("{} broke off its answer: {error}", self.server));
            let line = line.map_err(cut)?;
            let value = serde_json::from_str(&line).map_err(|error| {
                Failure::failed(format!("expected a line of JSON from {}: {error}", self.server))
            })?;
            take(value);
        }
        Ok(())
    }

    fn request(&self, agent: &Agent, path: &str, content_type: &str) -> RequestBuilder<WithBody> {
        let request = agent.post(format!("{}{path}", self.server)).header("Content-Type", content_type);
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends until there is an answer, for a while. A platform that cannot be reached at all is not waited for.
    fn until_answered(
        &self,
        send: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let began = Instant::now();
        let mut sent = false;
        loop {
            let miss = match self.read(send()) {
                Ok(value) => return Ok(value),
                Err(miss) => miss,
            };
            let again = match miss.kind {
                MissKind::Decided => false,
                MissKind::NotReached => sent,
                MissKind::Lost | MissKind::Undecided => true,
            };
            if !again || began.elapsed() > RETRY_FOR {
                return Err(miss.failure);
            }
            sent = true;
            std::thread::sleep(PAUSE);
        }
    }

    fn read(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Value, Miss> {
        let server = &self.server;
        let mut response = response.map_err(|error| {
            let kind = if never_sent(&error) { MissKind::NotReached } else { MissKind::Lost };
            let failure = Failure::unavailable(format!(
                "no answer from {server}: {error}; is `forbear up` running there?"
            ));
            Miss { kind, failure }
        })?;
        let status = response.status();
        let text =
            response.body_mut().with_config().limit(ANSWER_MAX).read_to_string().map_err(|error| Miss {
                kind: MissKind::Lost,
                failure: Failure::unavailable(format!("{server} broke off its answer: {error}")),
            })?;
        let decided = |failure| Miss { kind: MissKind::Decided, failure };
        let value: Value = serde_json::from_str(&text).map_err(|_| {
            decided(Failure::failed(format!(
                "expected JSON from {server}, got {} bytes of something else; is it the address of a forbear?",
                text.len()
            )))
        })?;
        match status.as_u16() {
            _ if status.is_success() => Ok(value),
            503 => Err(Miss { kind: MissKind::Undecided, failure: Failure::undecided(value) }),
            429 => Err(decided(Failure::undecided(value))),
            _ => Err(decided(Failure::refused(value))),
        }
    }
}

/// Why there is no good answer.
struct Miss {
    kind: MissKind,
    failure: Failure,
}

enum MissKind {
    /// Nothing was sent.
    NotReached,
    /// It was sent; nobody knows what became of it.
    Lost,
    /// The platform could not decide, or not store what it decided.
    Undecided,
    /// It was decided.
    Decided,
}

/// There was no connection.
fn never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound | ureq::Error::BadUri(_) => true,
        ureq::Error::Timeout(timeout) => matches!(timeout, Timeout::Connect | Timeout::Resolve),
        ureq::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}

/// A name for a command that no other has.
pub fn retry_key() -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(Failure::failed)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Signs a token with the master key.
pub fn token(key: &MasterKey, principal: Principal, lasts_ms: i64) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Failure::failed)?;
    let now = Timestamp(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let sign_in = SignIn { principal, expires_at: now.plus_ms(lasts_ms) };
    sign_in.sign(&key.tokens()).map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A platform that answers each request with the next of these; an empty one breaks the connection. Returns the
    /// keys of the requests.
    fn answering(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = format!("http://{}", listener.local_addr().expect("its address"));
        let serving = std::thread::spawn(move || {
            let answer = |answer: String| {
                let (stream, _) = listener.accept().expect("a client");
                let key = read_request(&stream);
                (&stream).write_all(answer.as_bytes()).expect("the client reads");
                key
            };
            answers.into_iter().map(answer).collect()
        });
        (server, serving)
    }

    fn read_request(stream: &TcpStream) -> String {
        let (mut reader, mut key, mut length) = (BufReader::new(stream), String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("idempotency-key: ") {
                key = value.to_owned();
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a number");
            }
        }
        reader.read_exact(&mut vec![0; length]).expect("the body");
        key
    }

    fn answer(status: &str, body: &Value) -> String {
        let body = body.to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    #[test]
    fn given_a_lost_answer_and_one_that_was_not_decided_then_the_command_is_sent_again_under_the_same_name() {
        let undecided = answer("503 Service Unavailable", &serde_json::json!({ "reasons": [] }));
        let done = answer("200 OK", &serde_json::json!({ "changed": true }));
        let (server, serving) = answering(vec![String::new(), undecided, done]);
        let answer = Client::anonymous(&server).post("/v1/stops", &serde_json::json!({ "contact": "x" }));
        assert_eq!(answer.expect("an answer")["changed"], true);
        let keys = serving.join().expect("it served");
        assert!(keys.len() == 3 && keys[0].len() == 32 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }

    #[test]
    fn given_a_refusal_then_it_is_not_sent_again() {
        let body = serde_json::json!({ "reasons": [{ "code": "F0301", "word": "stopped" }] });
        let (server, serving) = answering(vec![answer("409 Conflict", &body)]);
        let failure =
            Client::anonymous(&server).post_as("/v1/permits", &Value::Null, "mine").expect_err("refused");
        assert!(!failure.is_unanswered(), "{failure}");
        assert_eq!(serving.join().expect("it served"), ["mine"]);
    }

    #[test]
    fn given_nobody_there_then_it_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = format!("http://{}", listener.local_addr().expect("its address"));
        drop(listener);
        let began = Instant::now();
        let failure = Client::anonymous(&server).order("/v1/placement").expect_err("nobody is there");
        assert!(failure.is_unanswered() && began.elapsed() < RETRY_FOR, "{failure}");
    }
}
