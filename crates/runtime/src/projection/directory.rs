//! A projection's directory: its lock, its generations, and what was moved aside.

use std::fs::{self, File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::rows::{Reader, StoreError};

/// Bytes of sled's cache.
const CACHE: u64 = 64 * 1024 * 1024;

/// Damaged stores that are kept for examination; more are deleted, so that a bad disk is not filled as well.
const DAMAGED_MAX: u32 = 8;

/// How long to wait for another handle of this process to close.
const LOCK_RETRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Why a projection's directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("expected to be the only user of {}, but another process holds its lock; stop that one, or give this one its own directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("cannot use {}: {cause}; a directory that can be written is needed", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
}

pub(super) struct Directory {
    path: PathBuf,
    /// Held until the directory is let go.
    _lock: File,
}

impl Directory {
    /// Takes the directory, creating it if need be.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let io = |cause| OpenError::Io { path: path.to_owned(), cause };
        fs::create_dir_all(path).map_err(io)?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(path.join("lock")).map_err(io)?;
        for left in (0..=LOCK_RETRIES).rev() {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if left > 0 => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: path.to_owned() }),
                Err(TryLockError::Error(cause)) => return Err(io(cause)),
            }
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The newest generation, if there is one. Older ones are left from a crash and removed.
    pub fn newest(&self) -> std::io::Result<Option<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
        }
        let newest = numbers.iter().copied().max();
        for older in numbers.into_iter().filter(|number| Some(*number) != newest) {
            fs::remove_dir_all(self.generation(older))?;
        }
        Ok(newest)
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.path.join(number.to_string())
    }

    /// Opens a generation. What sled panics at is an error here.
    pub fn store(&self, number: u64) -> Result<Reader, StoreError> {
        let config = sled::Config::new()
            .path(self.generation(number))
            .cache_capacity(CACHE)
            // No thread that syncs every so often: nothing here needs to be durable.
            .flush_every_ms(None);
        guarded(|| Ok(Reader::new(config.open()?)))
    }

    /// Moves a damaged generation out of the way. Its handles may still be open: later generations have other
    /// paths, so what these still write cannot reach them.
    pub fn move_aside(&self, number: u64) -> std::io::Result<()> {
        let damaged = self.generation(number);
        for n in 1..=DAMAGED_MAX {
            let mut aside = self.path.clone().into_os_string();
            aside.push(format!(".damaged-{n}"));
            if !Path::new(&aside).exists() {
                return fs::rename(&damaged, &aside);
            }
        }
        fs::remove_dir_all(&damaged)
    }

    /// Deletes a generation of another shape.
    pub fn remove(&self, number: u64) -> std::io::Result<()> {
        fs::remove_dir_all(self.generation(number))
    }
}

/// Runs something of sled's, which panics at some kinds of damage.
pub(super) fn guarded<T>(act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
        // The text may hold bytes of rows.
        Err(StoreError(format!("panic: {}", text.chars().take(80).collect::<String>())))
    })
}
