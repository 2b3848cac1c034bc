//! Redis as a limiter: a server that syncs every write, a sliding window as a sorted set for each contact point, a set of
//! those that are not to be contacted, and one script that asks both. The protocol is RESP2, as far as that needs it.

use std::path::Path;
use std::process::Stdio;

use forbear_tests::nats_server::free_port;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use crate::Failed;
use crate::asking::{Answers, Client, System};
use crate::running_gate::next_client;
use crate::server::Server;
use crate::simulated_time::{BEGIN, SimulatedTime};
use crate::world::{Chance, STOPPED_EVERY, World};

/// At most 7 in 7 days, and no contact that is stopped. What it forgets and what it adds goes to the log as one
/// transaction.
const SCRIPT: &str = "
if redis.call('SISMEMBER', 'stopped', KEYS[1]) == 1 then return 0 end
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 604800000)
if redis.call('ZCARD', KEYS[1]) >= 7 then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[2])
return 1";

/// Members of one command, as the stops are loaded.
const CHUNK: usize = 1000;

/// A server on a free loopback port; it ends when this is dropped.
pub struct Redis {
    address: String,
    script: String,
    time: SimulatedTime,
    world: World,
    pipeline: u64,
    server: Server,
}

impl Redis {
    /// Starts the program and loads script and stops.
    pub async fn start(program: &Path, world: World) -> Result<Self, Failed> {
        let port = free_port();
        let mut server = Server::prepare(program, None, "TERM")?;
        let settings = [
            ("--bind", "127.0.0.1"),
            ("--port", &port.to_string()),
            ("--save", ""),
            ("--appendonly", "yes"),
            ("--appendfsync", "always"),
            // Its log is not rewritten meanwhile: that would only cost it.
            ("--auto-aof-rewrite-percentage", "0"),
        ];
        for (name, value) in settings {
            server.command.args([name, value]);
        }
        server.command.arg("--dir").arg(server.directory.path());
        server.command.stdout(Stdio::null());
        let address = format!("127.0.0.1:{port}");
        server.spawn(&address).await?;
        let mut connection = Connection::open(&address).await?;
        let stopped: Vec<[u8; 16]> = (0..world.contacts)
            .step_by(STOPPED_EVERY as usize)
            .map(|number| World::contact(number).0)
            .collect();
        for chunk in stopped.chunks(CHUNK) {
            let mut words: Vec<&[u8]> = vec![b"SADD", b"stopped"];
            words.extend(chunk.iter().map(<[u8; 16]>::as_slice));
            connection.give(&words).await?;
            connection.stream.flush().await?;
            connection.reply().await?;
        }
        connection.give(&[b"SCRIPT", b"LOAD", SCRIPT.as_bytes()]).await?;
        connection.stream.flush().await?;
        let Reply::Text(script) = connection.reply().await? else {
            return Err("expected the digest of the script, got another reply".into());
        };
        Ok(Self { address, script, time: SimulatedTime::starting(BEGIN), world, pipeline: 1, server })
    }

    /// Each client sends so many questions before it reads the answers, from now on.
    pub fn pipelined(&mut self, pipeline: u64) {
        self.pipeline = pipeline;
    }

    /// Its version.
    pub fn version(program: &Path) -> Result<String, Failed> {
        Server::version(program)
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.server.stop();
    }
}

impl System for Redis {
    type Client = RedisCaller;

    async fn clients(&self, count: u64) -> Result<Vec<RedisCaller>, Failed> {
        let mut callers = Vec::new();
        for _ in 0..count {
            let number = next_client();
            callers.push(RedisCaller {
                connection: Connection::open(&self.address).await?,
                script: self.script.clone(),
                pipeline: self.pipeline,
                clock: self.time.clock(),
                world: self.world,
                chance: Chance::of(number),
                number,
                asked: 0,
            });
        }
        Ok(callers)
    }

    async fn next_week(&self) -> Result<(), Failed> {
        self.time.skip_week();
        Ok(())
    }
}

/// A client with a connection.
pub struct RedisCaller {
    connection: Connection,
    script: String,
    pipeline: u64,
    clock: runtime::SimulatedClock,
    world: World,
    chance: Chance,
    number: u64,
    asked: u64,
}

impl Client for RedisCaller {
    async fn ask(&mut self) -> Result<Answers, Failed> {
        let now = self.clock.at().0.to_string();
        for _ in 0..self.pipeline {
            let contact = World::contact(self.chance.below(self.world.contacts));
            let attempt = format!("{}:{}", self.number, self.asked);
            self.asked += 1;
            let (script, now) = (self.script.as_bytes(), now.as_bytes());
            self.connection.give(&[b"EVALSHA", script, b"1", &contact.0, now, attempt.as_bytes()]).await?;
        }
        self.connection.stream.flush().await?;
        let mut answers = Answers::default();
        for _ in 0..self.pipeline {
            match self.connection.reply().await? {
                Reply::Number(1) => answers.allowed += 1,
                Reply::Number(0) => answers.refused += 1,
                _ => return Err("expected 0 or 1 of the script, got another reply".into()),
            }
        }
        Ok(answers)
    }
}

enum Reply {
    Number(i64),
    Text(String),
}

struct Connection {
    stream: BufStream<TcpStream>,
    line: String,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufStream::new(stream), line: String::new() })
    }

    async fn give(&mut self, words: &[&[u8]]) -> Result<(), Failed> {
        self.stream.write_all(format!("*{}\r\n", words.len()).as_bytes()).await?;
        for word in words {
            self.stream.write_all(format!("${}\r\n", word.len()).as_bytes()).await?;
            self.stream.write_all(word).await?;
            self.stream.write_all(b"\r\n").await?;
        }
        Ok(())
    }

    async fn reply(&mut self) -> Result<Reply, Failed> {
        self.line.clear();
        self.stream.read_line(&mut self.line).await?;
        let line = self.line.trim_end();
        match (line.get(..1), line.get(1..)) {
            (Some(":"), Some(number)) => Ok(Reply::Number(number.parse()?)),
            (Some("+"), Some(text)) => Ok(Reply::Text(text.to_owned())),
            (Some("$"), Some(length)) => {
                let mut text = vec![0; length.parse::<usize>()? + 2];
                self.stream.read_exact(&mut text).await?;
                Ok(Reply::Text(String::from_utf8_lossy(&text).trim_end().to_owned()))
            }
            _ => Err(format!("expected a reply of Redis, got {line:?}").into()),
        }
    }
}
