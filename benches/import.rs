//! The import alone: a lender's file through reading, sealing and the ledger, on the embedded log and the embedded
//! vault, without the services that follow. `cargo bench -p forbear-benches --bench import -- [cases] [gb18030]`.
//!
//! Processor time is of the whole process, so that it can be compared between machines with other work to do.

use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use api::portfolio::{Defaults, Portfolio};
use api::{DisplayOnly, ImportReport, Parts, Platform, Principal};
use async_trait::async_trait;
use audit::{AuditPort, AuditQuery, AuditReply};
use eventlog::embedded::EmbeddedLog;
use events::{Code, Refusal};
use model::LenderId;
use runtime::{Clock, Metrics, Options, Port, Service, SoleInstance, Surroundings, SystemClock};
use tokio::sync::watch;
use vault::{EmbeddedKeys, MasterKey, Vault};

/// Why a measurement could not be made.
type Failed = Box<dyn std::error::Error + Send + Sync>;

const CASES: u64 = 200_000;
const PARTITIONS: u16 = 2;
const HEADER: &str =
    "合同号,产品,币种,本金,利息,费用,逾期日期,姓名,身份证号,手机号,紧急联系人,紧急联系人电话\n";
/// Blocks of Chinese mobile numbers.
const BLOCKS: [&str; 8] = ["131", "135", "137", "150", "158", "177", "186", "189"];

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cases = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(CASES);
    let gb18030 = arguments.iter().any(|argument| argument == "gb18030");
    println!("{:<22} {:>9} {:>14} {:>9}", format!("{cases} cases"), "cases/s", "cpu µs a case", "RSS MiB");

    let stage = Stage::begin("read");
    let mut read = 0;
    for row in Portfolio::open(File::new(cases, gb18030), Defaults::default())? {
        row?;
        read += 1;
    }
    stage.end(read)?;

    let directory = tempfile::tempdir()?;
    let (_stop, stopped) = watch::channel(false);
    let metrics = Metrics::new()?;
    let surroundings = Surroundings {
        log: Arc::new(EmbeddedLog::open(directory.path())?),
        clock: Clock::System(SystemClock::start()),
        leadership: Arc::new(SoleInstance),
        metrics: metrics.clone(),
        stop: stopped,
    };
    let options = Options { partitions: PARTITIONS, ..Options::default() };
    let mut ledger = Service::start(&surroundings, &options, None);
    ledger.ready().await?;
    let keys = EmbeddedKeys::open(&directory.path().join(EmbeddedKeys::FILE_NAME))?;
    let platform = Platform::new(Parts {
        ledger: ledger.port(),
        assignment: Port::new(Vec::new()),
        gate: Port::new(Vec::new()),
        audit: Arc::new(NoAudit),
        vault: Vault::new(MasterKey::generate()?, Arc::new(keys)).await?,
        clock: surroundings.clock.clone(),
        metrics,
        codes: Arc::new(DisplayOnly),
    });
    let stage = Stage::begin("import");
    let first = import(&platform, cases, gb18030).await?;
    stage.end(first.taken)?;
    let stage = Stage::begin("the same file again");
    let again = import(&platform, cases, gb18030).await?;
    stage.end(again.unchanged)?;
    if (first.taken, again.unchanged, again.taken) != (cases, cases, 0) {
        return Err(format!("expected {cases} taken, then unchanged; got {first:?}, then {again:?}").into());
    }
    Ok(())
}

async fn import(platform: &Platform, cases: u64, gb18030: bool) -> Result<ImportReport, Failed> {
    let file = File::new(cases, gb18030);
    let (operator, lender) = (Principal::Operator, LenderId(1));
    let report = platform.import_portfolio(&operator, lender, file, Defaults::default(), None, |_| {}).await;
    Ok(report.map_err(|refusal| refusal.to_string())?)
}

/// A stretch of work that is being measured.
struct Stage {
    name: &'static str,
    began: Instant,
    cpu_us: u64,
}

impl Stage {
    fn begin(name: &'static str) -> Self {
        Self { name, began: Instant::now(), cpu_us: cpu_us().unwrap_or(0) }
    }

    fn end(self, cases: u64) -> Result<(), Failed> {
        let per_second = cases as f64 / self.began.elapsed().as_secs_f64();
        let cpu_us = (cpu_us()? - self.cpu_us) as f64 / cases.max(1) as f64;
        println!("{:<22} {per_second:>9.0} {cpu_us:>14.1} {:>9}", self.name, peak_mib()?);
        Ok(())
    }
}

/// User and system time of this process, from `proc(5)`, in steps of 10 ms.
fn cpu_us() -> Result<u64, Failed> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The fields after the name, which may hold blanks: user and system time are the 12th and the 13th.
    let (_, fields) = stat.rsplit_once(')').ok_or("expected a name in /proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks * 10_000)
}

/// The most memory that this process ever held.
fn peak_mib() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("expected VmHWM")?;
    Ok(kib.parse::<u64>()? / 1024)
}

/// A portfolio file, written as it is read.
struct File {
    cases: u64,
    next: u64,
    gb18030: bool,
    text: Vec<u8>,
    read: usize,
}

impl File {
    fn new(cases: u64, gb18030: bool) -> Self {
        let mut file = Self { cases, next: 0, gb18030, text: Vec::new(), read: 0 };
        file.put(HEADER);
        file
    }

    fn put(&mut self, text: &str) {
        match self.gb18030 {
            true => self.text.extend_from_slice(&encoding_rs::GB18030.encode(text).0),
            false => self.text.extend_from_slice(text.as_bytes()),
        }
    }

    fn row(&mut self) {
        let n = self.next;
        self.next += 1;
        let sign = |offset: u64, count: u64| {
            u32::try_from(0x4e00 + (n + offset) % count).ok().and_then(char::from_u32).unwrap_or('一')
        };
        let block = |offset: u64| BLOCKS[((n + offset) % BLOCKS.len() as u64) as usize];
        self.put(&format!(
            "HT{n:09},cash-loan,CNY,{}.{:02},{}.00,{}.00,2025-{:02}-{:02},王小{},11010119901{:06}1,{}{:08},李{},{}{:08}\n",
            1_000 + n % 50_000,
            n % 100,
            n % 900,
            n % 90,
            1 + n % 12,
            1 + n % 28,
            sign(0, 2_000),
            n % 1_000_000,
            block(0),
            n % 100_000_000,
            sign(7, 1_999),
            block(3),
            (n + 50_000_000) % 100_000_000,
        ));
    }
}

impl Read for File {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.text.len() {
            self.text.clear();
            self.read = 0;
            while self.text.len() < 64 * 1024 && self.next < self.cases {
                self.row();
            }
        }
        let rest = &self.text[self.read..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

/// An import asks nothing of the audit.
struct NoAudit;

#[async_trait]
impl AuditPort for NoAudit {
    async fn ask(&self, _query: AuditQuery) -> Result<AuditReply, Refusal> {
        Err(Code::UNAVAILABLE.into())
    }
}
