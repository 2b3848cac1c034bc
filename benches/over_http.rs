//! The gate as others reach it: the platform's HTTP interface on a loopback socket, served by this process, and clients
//! with a connection each who ask for one permit, or for a batch of them.

use std::sync::Arc;

use api::{DisplayOnly, Parts, Platform, Principal, SignIn};
use assignment::Assignment;
use async_trait::async_trait;
use audit::{AuditPort, AuditQuery, AuditReply};
use events::assignment::AgencyRegisteredV1;
use events::{Code, Refusal};
use model::Timestamp;
use runtime::{Options, Port, Service};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use vault::{EmbeddedKeys, MasterKey, Vault};

use crate::Failed;
use crate::asking::{Answers, Client, System};
use crate::running_gate::{RunningGate, next_client};
use crate::world::{AGENCY, COLLECTOR, Chance, LINE, World};

/// See the module.
pub struct OverHttp<'a> {
    gate: &'a RunningGate,
    world: World,
    address: String,
    token: String,
    /// Permits asked for in one request; 1 asks for single ones.
    batch: u64,
    _agencies: Service<Assignment>,
    serving: JoinHandle<std::io::Result<()>>,
    _keys: tempfile::TempDir,
}

impl<'a> OverHttp<'a> {
    /// Serves this gate, with an agency and a collector of the world.
    pub async fn serve(gate: &'a RunningGate, world: World) -> Result<Self, Failed> {
        let mut agencies = Service::start(&gate.surroundings, &Options::default(), None);
        agencies.ready().await?;
        let keys_in = tempfile::tempdir()?;
        let keys = EmbeddedKeys::open(&keys_in.path().join(EmbeddedKeys::FILE_NAME))?;
        let platform = Platform::new(Parts {
            ledger: Port::new(Vec::new()),
            assignment: agencies.port(),
            gate: gate.port.clone(),
            audit: Arc::new(NoAudit),
            vault: Vault::new(MasterKey::generate()?, Arc::new(keys)).await?,
            clock: gate.surroundings.clock.clone(),
            metrics: gate.surroundings.metrics.clone(),
            codes: Arc::new(DisplayOnly),
        });
        let agency = AgencyRegisteredV1 {
            agency: AGENCY,
            name: "An agency".to_owned(),
            jurisdictions: vec!["CN".to_owned(), "US".to_owned()],
            capacity: u32::MAX,
            lines: vec![LINE.to_owned()],
        };
        let refused = |refusal: Refusal| refusal.to_string();
        platform.register_agency(&Principal::Operator, agency, None).await.map_err(refused)?;
        let registered =
            platform.register_collector(&Principal::Operator, COLLECTOR, AGENCY, "A collector", None);
        registered.await.map_err(refused)?;
        let principal = Principal::Collector(COLLECTOR, AGENCY);
        let sign_in = SignIn { principal, expires_at: Timestamp(i64::MAX) };
        let token = sign_in.sign(platform.parts().vault.tokens()).map_err(refused)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let stop = gate.surroundings.stop.clone();
        let serving = tokio::spawn(api::http::serve(listener, api::http::router(platform), stop));
        Ok(Self { gate, world, address, token, batch: 1, _agencies: agencies, serving, _keys: keys_in })
    }

    /// With so many permits in a request from now on.
    pub fn in_batches_of(mut self, batch: u64) -> Self {
        self.batch = batch;
        self
    }
}

impl Drop for OverHttp<'_> {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl System for OverHttp<'_> {
    type Client = HttpCaller;

    async fn clients(&self, count: u64) -> Result<Vec<HttpCaller>, Failed> {
        let mut callers = Vec::new();
        for _ in 0..count {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let (path, kind) = match self.batch {
                1 => ("/v1/permits", "application/json"),
                _ => ("/v1/permits/batch", "application/x-ndjson"),
            };
            callers.push(HttpCaller {
                stream: BufStream::new(stream),
                head: format!(
                    "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\n",
                    self.address, self.token
                ),
                batch: self.batch,
                world: self.world,
                chance: Chance::of(next_client()),
                body: String::new(),
            });
        }
        Ok(callers)
    }

    async fn next_week(&self) -> Result<(), Failed> {
        self.gate.next_week().await
    }
}

/// A client with a connection that is kept.
pub struct HttpCaller {
    stream: BufStream<TcpStream>,
    head: String,
    batch: u64,
    world: World,
    chance: Chance,
    body: String,
}

impl Client for HttpCaller {
    async fn ask(&mut self) -> Result<Answers, Failed> {
        self.body.clear();
        for _ in 0..self.batch {
            let number = self.chance.below(self.world.contacts);
            let (contact, case) = (World::contact(number), World::case(number));
            self.body.push_str(&format!(
                "{{\"contact\":\"{contact}\",\"case\":\"{case}\",\"channel\":\"call\",\"purpose\":\"collect\"}}\n"
            ));
        }
        let head = format!("{}Content-Length: {}\r\n\r\n", self.head, self.body.len());
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(self.body.as_bytes()).await?;
        self.stream.flush().await?;
        let (status, body) = self.response().await?;
        let text = String::from_utf8_lossy(&body);
        let answers = match (status, self.batch) {
            (200, 1) => Answers { allowed: 1, refused: 0 },
            (409, 1) => Answers { allowed: 0, refused: 1 },
            (200, _) => {
                let lines = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count() as u64;
                Answers { allowed: lines("{\"permit\""), refused: lines("{\"refusal\"") }
            }
            _ => Answers::default(),
        };
        match answers.allowed + answers.refused == self.batch && !text.contains("F0001") {
            true => Ok(answers),
            false => Err(format!("expected {} decisions, got {status}: {text}", self.batch).into()),
        }
    }
}

impl HttpCaller {
    /// Status and body of the next response: as long as it says, or in chunks.
    async fn response(&mut self) -> Result<(u16, Vec<u8>), Failed> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| format!("expected a status line, got {line:?}"))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err("expected headers, got the end of the connection".into());
            }
            let header = line.trim().to_ascii_lowercase();
            match header.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse()?,
                Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
                _ if header.is_empty() => break,
                _ => {}
            }
        }
        let mut body = Vec::new();
        if !chunked {
            body.resize(length, 0);
            self.stream.read_exact(&mut body).await?;
            return Ok((status, body));
        }
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let length = usize::from_str_radix(line.trim(), 16)?;
            let from = body.len();
            body.resize(from + length + 2, 0);
            self.stream.read_exact(&mut body[from..]).await?;
            body.truncate(from + length);
            if length == 0 {
                return Ok((status, body));
            }
        }
    }
}

/// A permit asks nothing of the audit.
struct NoAudit;

#[async_trait]
impl AuditPort for NoAudit {
    async fn ask(&self, _query: AuditQuery) -> Result<AuditReply, Refusal> {
        Err(Code::UNAVAILABLE.into())
    }
}
