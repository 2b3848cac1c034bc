//! Every store against the contract in `eventlog::conformance`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use eventlog::Log;
use eventlog::conformance::{CASES, Stand, check};
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions, log_subject, stream_name};
use eventlog::memory::{Faults, MemoryLog};
use events::{Service, StreamId};
use forbear_tests::nats_server::{NatsCluster, NatsServer, client};
use tempfile::TempDir;

struct Memory(MemoryLog);

#[async_trait]
impl Stand for Memory {
    fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.0.clone())
    }

    async fn restart(&mut self) {
        self.0.crash();
    }
}

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    let mut stand = Memory(MemoryLog::new(Faults::none()));
    check(&mut stand, Service::Gate).await.unwrap_or_else(|failures| panic!("{failures}"));
}

struct Embedded {
    dir: TempDir,
    log: Option<Arc<EmbeddedLog>>,
}

#[async_trait]
impl Stand for Embedded {
    fn log(&self) -> Arc<dyn Log> {
        self.log.clone().expect("open between restarts")
    }

    async fn restart(&mut self) {
        self.log = None;
        self.log = Some(Arc::new(EmbeddedLog::open(self.dir.path()).expect("it opens again")));
    }
}

#[tokio::test]
async fn the_embedded_store_keeps_the_contract() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut stand = Embedded { dir, log: None };
    stand.restart().await;
    check(&mut stand, Service::Gate).await.unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn given_an_open_directory_when_opened_again_then_the_error_names_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let first = EmbeddedLog::open(dir.path()).expect("it opens");
    let error = EmbeddedLog::open(dir.path()).err().expect("it is in use").to_string();
    assert!(error.contains(&dir.path().display().to_string()), "{error}");
    assert!(error.contains("another process has this log open"), "{error}");
    drop(first);
    EmbeddedLog::open(dir.path()).expect("it is free again");
}

struct JetStream {
    nodes: Vec<NatsServer>,
    replicas: usize,
    log: Option<Arc<JetStreamLog>>,
}

impl JetStream {
    async fn connect(&mut self) {
        let urls: Vec<String> = self.nodes.iter().map(NatsServer::url).collect();
        let options = JetStreamOptions { replicas: self.replicas, ..JetStreamOptions::default() };
        self.log = Some(Arc::new(JetStreamLog::new(client(&urls).await, options)));
    }

    /// A stream of a cluster answers once its replicas have chosen a leader.
    async fn wait_for_leaders(&self) {
        let began = Instant::now();
        for partition in 1..=CASES {
            while let Err(error) = self.log().head(StreamId { service: Service::Gate, partition }).await {
                assert!(began.elapsed() < Duration::from_secs(60), "{error}");
            }
        }
    }
}

#[async_trait]
impl Stand for JetStream {
    fn log(&self) -> Arc<dyn Log> {
        self.log.clone().expect("open between restarts")
    }

    /// The servers one after the other, as an operator does it, and a new connection.
    async fn restart(&mut self) {
        for index in 0..self.nodes.len() {
            self.nodes[index].stop();
            self.nodes[index].restart();
            self.connect().await;
            self.wait_for_leaders().await;
        }
    }
}

#[tokio::test]
async fn jetstream_on_one_server_keeps_the_contract() {
    let mut stand = JetStream { nodes: vec![NatsServer::single()], replicas: 1, log: None };
    stand.connect().await;
    check(&mut stand, Service::Gate).await.unwrap_or_else(|failures| panic!("{failures}"));
}

#[tokio::test]
async fn jetstream_on_a_cluster_of_three_keeps_the_contract() {
    let cluster = NatsCluster::start();
    let (nodes, _dir) = cluster.into_parts();
    let mut stand = JetStream { nodes, replicas: 3, log: None };
    stand.connect().await;
    check(&mut stand, Service::Gate).await.unwrap_or_else(|failures| panic!("{failures}"));
}

#[tokio::test]
async fn given_a_stream_that_may_be_purged_when_opened_then_it_is_refused() {
    let server = NatsServer::single();
    let client = client(&[server.url()]).await;
    let id = StreamId { service: Service::Ledger, partition: 2 };
    let unsafe_config = async_nats::jetstream::stream::Config {
        name: stream_name(id),
        subjects: vec![log_subject(id)],
        deny_delete: true,
        allow_direct: true,
        discard: async_nats::jetstream::stream::DiscardPolicy::New,
        ..Default::default()
    };
    async_nats::jetstream::new(client.clone()).create_stream(unsafe_config).await.expect("a stream");
    let log = JetStreamLog::new(client, JetStreamOptions::default());
    let error = log.head(id).await.expect_err("it could lose records").to_string();
    assert!(error.contains("stream FORBEAR_ledger_2: expected deny_purge true, got false"), "{error}");
}
