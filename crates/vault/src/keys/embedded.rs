//! Keys in a redb file. Every write is one transaction with one fdatasync.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use model::PersonId;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use super::{KeyState, KeyStore, KeyStoreError, WrappedKey};
use crate::master::sync_parent;

const KEYS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("keys");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const CHECK: &str = "check";

/// A key store in one file, for one process. Calls run on tokio's blocking threads.
#[derive(Clone)]
pub struct EmbeddedKeys(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Replaced as a whole by `scrub`.
    database: RwLock<Database>,
}

/// What can go wrong underneath; named for the operator by [`Inner::unavailable`].
enum Fault {
    Redb(redb::Error),
    Io(io::Error),
    Entry(KeyStoreError),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl EmbeddedKeys {
    /// The file's usual name in a data directory.
    pub const FILE_NAME: &'static str = "vault.redb";

    /// Opens the store, or makes an empty one (mode 600). Blocks; for start-up.
    pub fn open(path: &Path) -> Result<Self, KeyStoreError> {
        let opened = remove_if_there(&draft_of(path)).map_err(Fault::Io).and_then(|()| open_database(path));
        match opened {
            Ok(database) => {
                Ok(Self(Arc::new(Inner { path: path.to_owned(), database: RwLock::new(database) })))
            }
            Err(fault) => Err(unavailable(path, "open", fault)),
        }
    }

    async fn blocking<T, F>(&self, action: &'static str, work: F) -> Result<T, KeyStoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T, Fault> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&inner).map_err(|fault| unavailable(&inner.path, action, fault))
        });
        done.await.unwrap_or_else(|error| Err(unavailable(&self.0.path, action, Fault::Io(error.into()))))
    }
}

#[async_trait]
impl KeyStore for EmbeddedKeys {
    async fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, KeyStoreError> {
        let people = people.to_vec();
        self.blocking("read keys", move |inner| inner.get(&people)).await
    }

    async fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, KeyStoreError> {
        let entries = entries.to_vec();
        self.blocking("store keys", move |inner| inner.put_new(&entries)).await
    }

    async fn erase(&self, person: PersonId) -> Result<(), KeyStoreError> {
        self.blocking("erase a key", move |inner| inner.erase(person)).await
    }

    async fn scrub(&self) -> Result<(), KeyStoreError> {
        self.blocking("scrub erased keys", Inner::scrub).await
    }

    async fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        let offered = offered.to_vec();
        self.blocking("recognise its master key", move |inner| inner.check_value(&offered)).await
    }
}

impl Inner {
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        // A panic while reading the lock leaves the database as it was.
        work(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, Fault> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(KEYS)?;
            people.iter().map(|person| state_of(&table, *person)).collect()
        })
    }

    fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, Fault> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            let mut changed = false;
            let mut states = vec![KeyState::Absent; entries.len()];
            {
                let mut table = transaction.open_table(KEYS)?;
                // In key order neighbours share a page. The sort is stable: of two keys for one person the
                // first given wins.
                let mut order: Vec<usize> = (0..entries.len()).collect();
                order.sort_by_key(|index| entries[*index].0);
                for index in order {
                    let (person, wrapped) = &entries[index];
                    states[index] = match state_of(&table, *person)? {
                        KeyState::Absent => {
                            changed = true;
                            table.insert(&person.0, wrapped.0.as_slice())?;
                            KeyState::Key(wrapped.clone())
                        }
                        present => present,
                    };
                }
            }
            if changed {
                transaction.commit()?
            } else {
                transaction.abort()?
            }
            Ok(states)
        })
    }

    fn erase(&self, person: PersonId) -> Result<(), Fault> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            if let Some(tombstone) = KeyState::Erased.stored() {
                transaction.open_table(KEYS)?.insert(&person.0, tombstone)?;
            }
            Ok(transaction.commit()?)
        })
    }

    fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, Fault> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            let kept = transaction.open_table(META)?.get(CHECK)?.map(|kept| kept.value().to_vec());
            if let Some(kept) = kept {
                transaction.abort()?;
                return Ok(kept);
            }
            transaction.open_table(META)?.insert(CHECK, offered)?;
            transaction.commit()?;
            Ok(offered.to_vec())
        })
    }

    /// redb copies on write, so an erased key stays in a freed page until the page is used again. Copies what
    /// lives into a new file, puts it in place of the old one, and overwrites the old one with zeros. A crash
    /// at any point leaves the old file or the new one whole. (A file system or a drive that copies on write
    /// may keep more: encrypt the disk.)
    fn scrub(&self) -> Result<(), Fault> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let draft = draft_of(&self.path);
        remove_if_there(&draft).map_err(Fault::Io)?;
        let copy = open_database(&draft)?;
        copy_live(&database, &copy)?;
        let old = OpenOptions::new().write(true).open(&self.path).map_err(Fault::Io)?;
        fs::rename(&draft, &self.path).map_err(Fault::Io)?;
        // From here on the path is the copy's, so the copy is what must be written to.
        *database = copy;
        drop(database);
        sync_parent(&self.path).map_err(Fault::Io)?;
        overwrite(old).map_err(Fault::Io)
    }
}

fn open_database(path: &Path) -> Result<Database, Fault> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::Io(error)),
        _ => {}
    }
    let database = Database::create(path)?;
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.open_table(KEYS)?;
    transaction.open_table(META)?;
    transaction.commit()?;
    sync_parent(path).map_err(Fault::Io)?;
    Ok(database)
}

fn copy_live(from: &Database, to: &Database) -> Result<(), Fault> {
    let source = from.begin_read()?;
    let mut target = to.begin_write()?;
    target.set_durability(Durability::Immediate)?;
    {
        let mut keys = target.open_table(KEYS)?;
        for entry in source.open_table(KEYS)?.iter()? {
            let (person, stored) = entry?;
            keys.insert(person.value(), stored.value())?;
        }
        let mut meta = target.open_table(META)?;
        for entry in source.open_table(META)?.iter()? {
            let (name, value) = entry?;
            meta.insert(name.value(), value.value())?;
        }
    }
    Ok(target.commit()?)
}

fn overwrite(mut file: File) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    io::copy(&mut io::Read::take(io::repeat(0), len), &mut file)?;
    file.flush()?;
    file.sync_all()
}

fn state_of(
    table: &impl ReadableTable<&'static [u8; 16], &'static [u8]>,
    person: PersonId,
) -> Result<KeyState, Fault> {
    let stored = table.get(&person.0)?;
    KeyState::from_stored(stored.as_ref().map(|stored| stored.value()))
        .map_err(|source| Fault::Entry(KeyStoreError::Corrupt { person, source }))
}

fn unavailable(path: &Path, action: &'static str, fault: Fault) -> KeyStoreError {
    let source = match fault {
        Fault::Entry(error) => return error,
        Fault::Redb(redb::Error::DatabaseAlreadyOpen) => {
            "another process has the file open; stop it, or give this one its own data directory".into()
        }
        Fault::Redb(error) => error.into(),
        Fault::Io(error) => error.into(),
    };
    KeyStoreError::Unavailable { store: path.display().to_string(), action, source }
}

fn draft_of(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    PathBuf::from(draft)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl std::fmt::Debug for EmbeddedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EmbeddedKeys").field(&self.0.path).finish()
    }
}
