//! Keys in a redb file. Every write is one transaction with one fdatasync.
//!
//! People are rows in order of arrival, found through an index in memory (24 to 48 bytes a person, read from
//! the rows at start). A table keyed by person was slower the larger it grew: pseudonyms are random, so each
//! key of a batch copied a page of its own. Measured through `Vault::keys_for` on 2 cores, 4,096 keys a batch:
//! 87,000 keys/s on an empty store and 24,000 at a million, against 225,000 at any size with rows in order.
//!
//! | table | key | value |
//! |---|---|---|
//! | `people` | row number, u32 | person (16 bytes), stored form of the key |
//! | `meta` | `check` | check value of the master key |

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use model::PersonId;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::{KeyState, KeyStore, KeyStoreError, WrappedKey};
use crate::by_person::ByPerson;
use crate::master::sync_parent;

const PEOPLE: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("people");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const CHECK: &str = "check";

/// Bytes of pages that redb may keep in memory; its own default is 1 GiB.
const CACHE_LEN_MAX: usize = 64 << 20;

/// A key store in one file, for one process. Calls run on tokio's blocking threads.
#[derive(Clone)]
pub struct EmbeddedKeys(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Replaced as a whole by `scrub`, which keeps the row numbers.
    database: RwLock<Database>,
    /// Row of each person whose row is durable. Held for look-ups only, never over a commit.
    rows: RwLock<ByPerson<u32>>,
    /// One writer at a time: held from the look-up to the commit.
    writer: Mutex<()>,
}

/// What can go wrong underneath; named for the operator by [`Inner::unavailable`].
enum Fault {
    Redb(redb::Error),
    Io(io::Error),
    Entry(KeyStoreError),
    /// A row without a whole person in it, or more rows than can be numbered.
    Row(u64),
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
        Inner::open(path).map(|inner| Self(Arc::new(inner))).map_err(|fault| unavailable(path, "open", fault))
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
    fn open(path: &Path) -> Result<Self, Fault> {
        remove_if_there(&draft_of(path)).map_err(Fault::Io)?;
        let database = open_database(path)?;
        let mut rows = ByPerson::default();
        let people = database.begin_read()?.open_table(PEOPLE)?;
        for entry in people.iter()? {
            let (row, value) = entry?;
            let (person, _) = split(row.value(), value.value())?;
            // New rows are numbered by how many there are: a gap or a person twice would overwrite somebody.
            if row.value() as usize != rows.len() || rows.insert(person, row.value()).is_some() {
                return Err(Fault::Row(row.value().into()));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            database: RwLock::new(database),
            rows: RwLock::new(rows),
            writer: Mutex::new(()),
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        // A panic elsewhere leaves the database as it was.
        work(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of each, and how many rows there are.
    fn rows_of(&self, people: impl Iterator<Item = PersonId>) -> (Vec<Option<u32>>, usize) {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        (people.map(|person| rows.get(&person).copied()).collect(), rows.len())
    }

    /// After the commit only: what the index names is durable.
    fn remember(&self, added: impl IntoIterator<Item = (PersonId, u32)>) {
        self.rows.write().unwrap_or_else(PoisonError::into_inner).extend(added);
    }

    fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, Fault> {
        let (rows, _) = self.rows_of(people.iter().copied());
        if rows.iter().all(Option::is_none) {
            return Ok(vec![KeyState::Absent; people.len()]);
        }
        self.with(|database| {
            let table = database.begin_read()?.open_table(PEOPLE)?;
            let state = |row: Option<u32>| row.map_or(Ok(KeyState::Absent), |row| state_at(&table, row));
            rows.into_iter().map(state).collect()
        })
    }

    fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, Fault> {
        let _writer = self.writer();
        let (rows, mut next) = self.rows_of(entries.iter().map(|(person, _)| *person));
        let mut added = ByPerson::with_capacity_and_hasher(entries.len(), Default::default());
        let states = self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            let mut table = transaction.open_table(PEOPLE)?;
            let mut states = Vec::with_capacity(entries.len());
            for ((person, wrapped), known) in entries.iter().zip(rows) {
                let state = match known.or_else(|| added.get(person).copied()) {
                    Some(row) => state_at(&table, row)?,
                    None => {
                        let state = KeyState::Key(wrapped.clone());
                        added.insert(*person, write(&mut table, next, *person, &state)?);
                        next += 1;
                        state
                    }
                };
                states.push(state);
            }
            drop(table);
            if added.is_empty() {
                transaction.abort()?
            } else {
                transaction.commit()?
            }
            Ok(states)
        })?;
        self.remember(added);
        Ok(states)
    }

    fn erase(&self, person: PersonId) -> Result<(), Fault> {
        let _writer = self.writer();
        let (rows, count) = self.rows_of(std::iter::once(person));
        let row = rows.into_iter().flatten().next().map_or(count, |row| row as usize);
        let row = self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            let row = write(&mut transaction.open_table(PEOPLE)?, row, person, &KeyState::Erased)?;
            transaction.commit()?;
            Ok(row)
        })?;
        self.remember([(person, row)]);
        Ok(())
    }

    fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, Fault> {
        let _writer = self.writer();
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
        let _writer = self.writer();
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
    let database = Database::builder().set_cache_size(CACHE_LEN_MAX).create(path)?;
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.open_table(PEOPLE)?;
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
        let mut people = target.open_table(PEOPLE)?;
        for entry in source.open_table(PEOPLE)?.iter()? {
            let (row, value) = entry?;
            people.insert(row.value(), value.value())?;
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

fn state_at(table: &impl ReadableTable<u32, &'static [u8]>, row: u32) -> Result<KeyState, Fault> {
    let value = table.get(row)?;
    let (person, stored) = split(row, value.as_ref().map_or(&[], |value| value.value()))?;
    KeyState::from_stored(Some(stored))
        .map_err(|source| Fault::Entry(KeyStoreError::Corrupt { person, source }))
}

/// Writes a row and gives its number back in the width it is stored in.
fn write(
    table: &mut Table<'_, u32, &'static [u8]>,
    row: usize,
    person: PersonId,
    state: &KeyState,
) -> Result<u32, Fault> {
    let row = u32::try_from(row).map_err(|_| Fault::Row(row as u64))?;
    let stored = state.stored().unwrap_or_default();
    let mut value = [0; 16 + WrappedKey::LEN];
    value[..16].copy_from_slice(&person.0);
    value[16..16 + stored.len()].copy_from_slice(stored);
    table.insert(row, &value[..16 + stored.len()])?;
    Ok(row)
}

fn split(row: u32, value: &[u8]) -> Result<(PersonId, &[u8]), Fault> {
    let (person, stored) = value.split_first_chunk().ok_or(Fault::Row(row.into()))?;
    Ok((PersonId(*person), stored))
}

fn unavailable(path: &Path, action: &'static str, fault: Fault) -> KeyStoreError {
    let source = match fault {
        Fault::Entry(error) => return error,
        Fault::Redb(redb::Error::DatabaseAlreadyOpen) => {
            "another process has the file open; stop it, or give this one its own data directory".into()
        }
        Fault::Redb(error) => error.into(),
        Fault::Io(error) => error.into(),
        Fault::Row(row) => format!(
            "row {row} does not follow the row before it and name a person of its own, of at most 2^32; restore the file from its backup"
        )
        .into(),
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
