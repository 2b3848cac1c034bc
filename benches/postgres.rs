//! PostgreSQL as a limiter: a server that syncs every commit, a table of attempts, one of those that are not to be
//! contacted, and one function that takes an advisory lock, counts and inserts. The protocol is version 3.0, as far as
//! that needs it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use forbear_tests::nats_server::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use crate::Failed;
use crate::asking::{Answers, Client, System};
use crate::running_gate::next_client;
use crate::server::{Account, Server};
use crate::simulated_time::{BEGIN, SimulatedTime};
use crate::world::{Chance, STOPPED_EVERY, World};

/// The lock is released when the commit is durable; what is counted after it was taken has been committed.
const SCHEMA: &str = "
create table stopped (contact bytea primary key);
create table attempt (contact bytea not null, at bigint not null);
create index on attempt (contact, at);
create function permit(lock bigint, who bytea, now bigint) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(lock);
    if exists (select from stopped where contact = who) then return false; end if;
    if (select count(*) from attempt where contact = who and at > now - 604800000) >= 7 then return false; end if;
    insert into attempt values (who, now);
    return true;
end $$;";

/// Rows of one statement, as the stops are loaded.
const CHUNK: usize = 1000;
/// How long it may take to let anybody in.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
const USER: &str = "postgres";
/// Object ids of the types of the function's arguments.
const BIGINT: u32 = 20;
const BYTEA: u32 = 17;

/// A server on a free loopback port; it ends when this is dropped.
pub struct Postgres {
    address: String,
    time: SimulatedTime,
    world: World,
    server: Server,
}

impl Postgres {
    /// Makes a cluster with the programs in `bin`, starts it, makes tables and function, loads the stops. As root it does
    /// so as the user `postgres`, since the server refuses to run as root.
    pub async fn start(bin: &Path, world: World) -> Result<Self, Failed> {
        let account = Account::unprivileged(USER)?;
        // On SIGQUIT it ends its own processes at once, without tidying up: its files go too.
        let mut server = Server::prepare(&bin.join("postgres"), account, "QUIT")?;
        let data = server.directory.path().join("data");
        let mut initdb = Server::command(&bin.join("initdb"), account, server.directory.path());
        initdb.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        initdb.args(["--username", USER, "--pgdata"]).arg(&data);
        let made = initdb.output()?;
        if !made.status.success() {
            return Err(format!("initdb: {}: {}", made.status, String::from_utf8_lossy(&made.stderr)).into());
        }
        let port = free_port();
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "unix_socket_directories=".to_owned(),
            "max_connections=300".to_owned(),
            "shared_buffers=1GB".to_owned(),
            "fsync=on".to_owned(),
            "synchronous_commit=on".to_owned(),
            // No checkpoint meanwhile: that would only cost it.
            "max_wal_size=16GB".to_owned(),
            "checkpoint_timeout=1h".to_owned(),
        ];
        server.command.arg("-D").arg(&data);
        settings.iter().for_each(|setting| {
            server.command.args(["-c", setting]);
        });
        server.command.stdout(Stdio::null()).stderr(Stdio::null());
        let address = format!("127.0.0.1:{port}");
        server.spawn(&address).await?;
        let mut connection = Connection::open_when_ready(&address).await?;
        connection.execute(SCHEMA).await?;
        let stopped: Vec<u64> = (0..world.contacts).step_by(STOPPED_EVERY as usize).collect();
        for chunk in stopped.chunks(CHUNK) {
            let row = |number: &u64| {
                let hex: String =
                    World::contact(*number).0.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("('\\x{hex}')")
            };
            let rows: Vec<String> = chunk.iter().map(row).collect();
            connection.execute(&format!("insert into stopped values {}", rows.join(","))).await?;
        }
        connection.execute("analyze").await?;
        Ok(Self { address, time: SimulatedTime::starting(BEGIN), world, server })
    }

    /// Its version.
    pub fn version(bin: &Path) -> Result<String, Failed> {
        Server::version(&bin.join("postgres"))
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.server.stop();
    }
}

/// Where Debian puts the newest server's programs, or where `initdb` is on the path.
pub fn programs() -> Option<PathBuf> {
    let has = |bin: &PathBuf| bin.join("initdb").is_file() && bin.join("postgres").is_file();
    if let Some(bin) = std::env::var_os("POSTGRES_BIN") {
        return Some(PathBuf::from(bin)).filter(has);
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).filter(has).collect();
    bins.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    bins.pop().or_else(|| std::env::split_paths(&path).find(has))
}

impl System for Postgres {
    type Client = PostgresCaller;

    async fn clients(&self, count: u64) -> Result<Vec<PostgresCaller>, Failed> {
        let mut callers = Vec::new();
        for _ in 0..count {
            let mut connection = Connection::open(&self.address).await?;
            connection.prepare().await?;
            let (clock, world) = (self.time.clock(), self.world);
            callers.push(PostgresCaller { connection, clock, world, chance: Chance::of(next_client()) });
        }
        Ok(callers)
    }

    async fn next_week(&self) -> Result<(), Failed> {
        self.time.skip_week();
        Ok(())
    }
}

/// A client with a connection.
pub struct PostgresCaller {
    connection: Connection,
    clock: runtime::SimulatedClock,
    world: World,
    chance: Chance,
}

impl Client for PostgresCaller {
    async fn ask(&mut self) -> Result<Answers, Failed> {
        let contact = World::contact(self.chance.below(self.world.contacts)).0;
        match self.connection.call(&contact[..8], &contact, self.clock.at().0).await? {
            true => Ok(Answers { allowed: 1, refused: 0 }),
            false => Ok(Answers { allowed: 0, refused: 1 }),
        }
    }
}

struct Connection {
    stream: BufStream<TcpStream>,
    out: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream: BufStream::new(stream), out: Vec::new(), body: Vec::new() };
        let parameters = format!("user\0{USER}\0database\0postgres\0\0");
        // Length, protocol 3.0, parameters: the one message without a type.
        connection.out.extend_from_slice(&(8 + parameters.len() as u32).to_be_bytes());
        connection.out.extend_from_slice(&0x0003_0000_u32.to_be_bytes());
        connection.out.extend_from_slice(parameters.as_bytes());
        connection.exchange().await?;
        Ok(connection)
    }

    /// The server listens before it lets anybody in.
    async fn open_when_ready(address: &str) -> Result<Self, Failed> {
        let began = Instant::now();
        loop {
            match Self::open(address).await {
                Err(_) if began.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
                opened => return opened,
            }
        }
    }

    /// Gives statements without parameters.
    async fn execute(&mut self, statements: &str) -> Result<(), Failed> {
        self.message(b'Q', |out| text(out, statements));
        self.exchange().await?;
        Ok(())
    }

    /// Makes the call of the function known under the name `permit`.
    async fn prepare(&mut self) -> Result<(), Failed> {
        self.message(b'P', |out| {
            text(out, "permit");
            text(out, "select permit($1, $2, $3)");
            out.extend_from_slice(&3_u16.to_be_bytes());
            [BIGINT, BYTEA, BIGINT].iter().for_each(|kind| out.extend_from_slice(&kind.to_be_bytes()));
        });
        self.message(b'S', |_| {});
        self.exchange().await?;
        Ok(())
    }

    /// Calls it: a transaction of its own.
    async fn call(&mut self, lock: &[u8], contact: &[u8], now: i64) -> Result<bool, Failed> {
        self.message(b'B', |out| {
            text(out, "");
            text(out, "permit");
            // All parameters are binary.
            out.extend_from_slice(&[0, 1, 0, 1, 0, 3]);
            for value in [lock, contact, &now.to_be_bytes()] {
                out.extend_from_slice(&(value.len() as u32).to_be_bytes());
                out.extend_from_slice(value);
            }
            // So is the result.
            out.extend_from_slice(&[0, 1, 0, 1]);
        });
        self.message(b'E', |out| {
            text(out, "");
            out.extend_from_slice(&0_u32.to_be_bytes());
        });
        self.message(b'S', |_| {});
        let row = self.exchange().await?;
        match row.as_deref() {
            Some([0, 1, 0, 0, 0, 1, allowed]) => Ok(*allowed == 1),
            _ => Err(format!("expected a row with a boolean, got {row:?}").into()),
        }
    }

    fn message(&mut self, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(kind);
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        body(&mut self.out);
        let length = (self.out.len() - length_at) as u32;
        self.out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// Sends what was gathered and reads until the server is ready again; the last row, if there was one.
    async fn exchange(&mut self) -> Result<Option<Vec<u8>>, Failed> {
        self.stream.write_all(&self.out).await?;
        self.stream.flush().await?;
        self.out.clear();
        let (mut row, mut error) = (None, None);
        loop {
            let kind = self.stream.read_u8().await?;
            let length = self.stream.read_u32().await?;
            self.body.resize((length as usize).saturating_sub(4), 0);
            self.stream.read_exact(&mut self.body).await?;
            match kind {
                b'D' => row = Some(self.body.clone()),
                b'E' => error = Some(String::from_utf8_lossy(&self.body).replace('\0', " ")),
                b'R' if self.body != [0; 4] => return Err("expected no authentication, got a demand".into()),
                b'Z' => return error.map_or(Ok(row), |error| Err(format!("PostgreSQL: {error}").into())),
                _ => {}
            }
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}
