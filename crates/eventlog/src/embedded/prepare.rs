//! The thread that makes segments ready before they are needed, so that no commit waits for the file system, and that
//! writes the indexes of full ones.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::index;
use super::segment::{self, Header};

enum Job {
    Segment(Header),
    Index { number: u32, bytes: Vec<u8> },
}

/// The thread, and what it was asked for.
pub struct Preparer {
    jobs: Option<Sender<Job>>,
    made: Receiver<io::Result<File>>,
    /// A segment is being made, or is ready.
    asked: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Preparer {
    /// For the log in this directory. `ready` is its next segment, if that is there already.
    pub fn start(log: &Path, ready: Option<File>) -> io::Result<Self> {
        let (jobs, received) = channel();
        let (sender, made) = channel();
        let asked = ready.is_some();
        if let Some(file) = ready {
            // The other end is right here.
            let _received = sender.send(Ok(file)).is_ok();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("log-prepare".to_owned()).spawn({
            let (log, stop) = (log.to_owned(), Arc::clone(&stop));
            move || run(&log, &received, &sender, &stop)
        })?;
        Ok(Self { jobs: Some(jobs), made, asked, stop, thread: Some(thread) })
    }

    /// Has the next segment made, unless it was asked for.
    pub fn prepare(&mut self, header: Header) -> io::Result<()> {
        if !self.asked {
            self.give(Job::Segment(header))?;
            self.asked = true;
        }
        Ok(())
    }

    /// The next segment, as soon as it is ready. What failed before it was needed is tried once more.
    pub fn take(&mut self, header: Header) -> io::Result<File> {
        if self.asked {
            self.asked = false;
            if let Ok(file) = self.receive() {
                return Ok(file);
            }
        }
        self.give(Job::Segment(header))?;
        self.receive()
    }

    /// Keeps the index of a full segment.
    pub fn keep_index(&self, number: u32, bytes: Vec<u8>) -> io::Result<()> {
        self.give(Job::Index { number, bytes })
    }

    fn give(&self, job: Job) -> io::Result<()> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|_| ended()),
            None => Err(ended()),
        }
    }

    fn receive(&self) -> io::Result<File> {
        self.made.recv().unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that prepares segments has ended")
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ended_by_panic = thread.join().is_err();
        }
    }
}

fn run(log: &Path, jobs: &Receiver<Job>, made: &Sender<io::Result<File>>, stop: &AtomicBool) {
    for job in jobs {
        match job {
            Job::Segment(header) => {
                let file = segment::create(log, header, stop);
                let _nobody_waits = made.send(file).is_err();
            }
            Job::Index { number, bytes } => keep(log, number, &bytes),
        }
    }
}

/// Writes an index. Without it the segment is read when the log is opened.
pub fn keep(log: &Path, number: u32, bytes: &[u8]) {
    if let Err(error) = index::store(log, number, bytes) {
        let path: PathBuf = index::path(log, number);
        tracing::warn!(path = %path.display(), %error, "the index of a full segment was not written");
    }
}
