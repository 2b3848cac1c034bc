//! Clients who ask for decisions, whatever answers them: each again as soon as it is answered, or when it is due.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{Failed, cpu_time, median, quantile};

/// What one question brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers {
    /// Decisions that allowed.
    pub allowed: u64,
    /// Decisions that refused.
    pub refused: u64,
}

/// Somebody who asks, and waits for the answer before they ask again.
pub trait Client: Send + 'static {
    /// Asks once: for a decision, or for several in one go.
    fn ask(&mut self) -> impl Future<Output = Result<Answers, Failed>> + Send;
}

/// What is measured.
pub trait System {
    /// Who asks it.
    type Client: Client;

    /// So many clients, none of them known to it.
    fn clients(&self, count: u64) -> impl Future<Output = Result<Vec<Self::Client>, Failed>>;

    /// Seven days pass: what was counted counts no more.
    fn next_week(&self) -> impl Future<Output = Result<(), Failed>>;
}

/// How it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds, of which the medians are given; each begins in a week of its own.
    pub rounds: usize,
    /// How long each takes.
    pub round: Duration,
}

/// The medians of some rounds.
#[derive(Debug, Clone, Copy)]
pub struct Medians {
    /// How many asked at once.
    pub clients: u64,
    /// Decisions per second.
    pub rate: f64,
    /// The share of them that allowed, from 0 to 1.
    pub allowed: f64,
    /// The median of how long an answer took; of a whole batch, where several are asked for in one go.
    pub p50: Duration,
    /// And what 99 in 100 stayed below.
    pub p99: Duration,
    /// The longest of all rounds.
    pub longest: Duration,
    /// Processor time of this process for a decision: the clients, and whatever else runs in it.
    pub cpu: Duration,
}

/// `clients` who ask again as soon as they are answered.
pub async fn closed<S: System>(system: &S, clients: u64, plan: Plan) -> Result<Medians, Failed> {
    measure(system, clients, plan, None).await
}

/// `clients` who ask for so many decisions per second, each question measured from when it was due: a client that is
/// late counts its delay. The timer's millisecond is part of it.
pub async fn paced<S: System>(system: &S, clients: u64, plan: Plan, rate: f64) -> Result<Medians, Failed> {
    measure(system, clients, plan, Some(rate)).await
}

async fn measure<S: System>(
    system: &S,
    count: u64,
    plan: Plan,
    rate: Option<f64>,
) -> Result<Medians, Failed> {
    let mut clients = system.clients(count).await?;
    let (mut rates, mut shares, mut cpus) = (Vec::new(), Vec::new(), Vec::new());
    let (mut p50s, mut p99s, mut longest) = (Vec::new(), Vec::new(), Duration::ZERO);
    for _ in 0..plan.rounds {
        system.next_week().await?;
        let (began, cpu_before) = (Instant::now(), cpu_time()?);
        let (returned, mut asked) = round(clients, plan.round, rate).await?;
        let (elapsed, cpu) = (began.elapsed(), cpu_time()?.saturating_sub(cpu_before));
        clients = returned;
        let decisions = (asked.answers.allowed + asked.answers.refused) as f64;
        rates.push(decisions / elapsed.as_secs_f64());
        shares.push(asked.answers.allowed as f64 / decisions.max(1.0));
        cpus.push(cpu.div_f64(decisions.max(1.0)));
        p50s.push(quantile(&mut asked.waits, 0.5));
        p99s.push(quantile(&mut asked.waits, 0.99));
        longest = longest.max(quantile(&mut asked.waits, 1.0));
    }
    Ok(Medians {
        clients: count,
        rate: median(&mut rates).unwrap_or_default(),
        allowed: median(&mut shares).unwrap_or_default(),
        p50: median(&mut p50s).unwrap_or_default(),
        p99: median(&mut p99s).unwrap_or_default(),
        longest,
        cpu: median(&mut cpus).unwrap_or_default(),
    })
}

#[derive(Default)]
struct Asked {
    answers: Answers,
    waits: Vec<Duration>,
}

impl Asked {
    fn add(&mut self, answers: Answers, wait: Duration) {
        self.answers.allowed += answers.allowed;
        self.answers.refused += answers.refused;
        self.waits.push(wait);
    }
}

/// All clients at once, each a task, for so long.
async fn round<C: Client>(
    clients: Vec<C>,
    round: Duration,
    rate: Option<f64>,
) -> Result<(Vec<C>, Asked), Failed> {
    let (began, count) = (Instant::now(), clients.len().max(1) as u32);
    let until = began + round;
    let mut tasks = JoinSet::new();
    for (number, mut client) in (0_u32..).zip(clients) {
        tasks.spawn(async move {
            let asked = match rate {
                None => ask_and_ask_again(&mut client, until).await?,
                Some(rate) => {
                    let every = Duration::from_secs_f64(f64::from(count) / rate.max(1.0));
                    let first = began + every * number / count;
                    ask_when_due(&mut client, first, every, until).await?
                }
            };
            Ok::<_, Failed>((client, asked))
        });
    }
    let (mut clients, mut all) = (Vec::new(), Asked::default());
    while let Some(ended) = tasks.join_next().await {
        let (client, mut asked) = ended??;
        clients.push(client);
        all.answers.allowed += asked.answers.allowed;
        all.answers.refused += asked.answers.refused;
        all.waits.append(&mut asked.waits);
    }
    Ok((clients, all))
}

async fn ask_and_ask_again<C: Client>(client: &mut C, until: Instant) -> Result<Asked, Failed> {
    let mut all = Asked::default();
    let mut asked = Instant::now();
    while asked < until {
        let answers = client.ask().await?;
        let answered = Instant::now();
        all.add(answers, answered - asked);
        asked = answered;
    }
    Ok(all)
}

/// What is due is asked whether or not the answers are slow. `every` is between two decisions of this client; a client
/// that asks for several in one go asks as much less often.
async fn ask_when_due<C: Client>(
    client: &mut C,
    first: Instant,
    every: Duration,
    until: Instant,
) -> Result<Asked, Failed> {
    let mut all = Asked::default();
    let mut due = first;
    while due < until {
        // A client that is late asks at once.
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let answers = client.ask().await?;
        all.add(answers, due.elapsed());
        due += every.mul_f64((answers.allowed + answers.refused).max(1) as f64);
    }
    Ok(all)
}
