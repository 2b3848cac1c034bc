//! Rows, and the one place that hands them to sled.

use std::ops::Deref;

use eventlog::chain::Chain;
use events::StreamId;

/// First byte of our own keys.
const OWN: u8 = 0;
/// First byte of the projection's keys.
const ROW: u8 = 1;

const GENERATION_KEY: &[u8] = &[OWN, b'g'];

/// The store failed to read or write.
#[derive(Debug, thiserror::Error)]
#[error("the projection's store fails: {0}; it will be rebuilt from the log")]
pub struct StoreError(pub String);

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        Self(error.to_string())
    }
}

/// The bytes of a key or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    bytes: sled::IVec,
    skip: usize,
}

impl Deref for Row {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.skip..).unwrap_or_default()
    }
}

/// Changes to rows that take effect together. A later change of the same key replaces the earlier one.
#[derive(Default)]
pub struct Rows {
    batch: sled::Batch,
    key: Vec<u8>,
    changes: usize,
}

impl Rows {
    /// Puts a row. Keys are free but for their length: keep them short.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.key.clear();
        self.key.push(ROW);
        self.key.extend_from_slice(key);
        self.batch.insert(self.key.as_slice(), value);
        self.changes += 1;
    }

    /// Removes a row.
    pub fn remove(&mut self, key: &[u8]) {
        self.key.clear();
        self.key.push(ROW);
        self.key.extend_from_slice(key);
        self.batch.remove(self.key.as_slice());
        self.changes += 1;
    }

    /// How many changes.
    pub fn len(&self) -> usize {
        self.changes
    }

    /// True before the first change.
    pub fn is_empty(&self) -> bool {
        self.changes == 0
    }

    /// Adds the cursor: these rows are of the log up to here.
    pub(super) fn cursor(&mut self, chain: &Chain) -> Result<(), StoreError> {
        let value = postcard::to_allocvec(chain).map_err(|error| StoreError(error.to_string()))?;
        self.batch.insert(cursor_key(chain.stream()).as_slice(), value);
        Ok(())
    }
}

fn cursor_key(stream: StreamId) -> [u8; 5] {
    let [high, low] = stream.partition.to_be_bytes();
    [OWN, b'c', stream.service as u8, high, low]
}

/// Reads the rows of one generation of a store, as of its last batch. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    db: sled::Db,
}

impl Reader {
    pub(super) fn new(db: sled::Db) -> Self {
        Self { db }
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        Ok(self.db.get(own(key))?.map(|bytes| Row { bytes, skip: 0 }))
    }

    /// Keys that begin with `prefix`, with their values, in order from both ends.
    pub fn scan(
        &self,
        prefix: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(Row, Row), StoreError>> + use<> {
        self.db.scan_prefix(own(prefix)).map(pair)
    }

    /// Keys from `from` on that begin with `prefix`.
    pub fn scan_from(
        &self,
        prefix: &[u8],
        from: &[u8],
    ) -> impl Iterator<Item = Result<(Row, Row), StoreError>> + use<> {
        let prefix = own(prefix);
        self.db
            .range(own(from)..)
            .take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
            .map(pair)
    }

    /// The last key up to `key`, itself included, that begins with `prefix`.
    pub fn last_until(&self, prefix: &[u8], key: &[u8]) -> Result<Option<(Row, Row)>, StoreError> {
        let prefix = own(prefix);
        let found = self.db.range(prefix.clone()..=own(key)).next_back().transpose()?;
        Ok(found.map(|(key, value)| (Row { bytes: key, skip: 1 }, Row { bytes: value, skip: 0 })))
    }

    pub(super) fn apply(&self, rows: Rows) -> Result<(), StoreError> {
        self.db.apply_batch(rows.batch)?;
        // sled 0.34 frees what a batch has replaced only a little at a time, at each later operation. Batches
        // alone leave it behind: 5 KB a row were measured, without end. A cheap read per row keeps pace.
        for _ in 0..rows.changes {
            std::hint::black_box(self.db.get(GENERATION_KEY)?);
        }
        Ok(())
    }

    pub(super) fn close(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        Ok(())
    }

    /// The cursor of a stream, if it has one.
    pub(super) fn cursor(&self, stream: StreamId) -> Result<Option<Chain>, StoreError> {
        let Some(bytes) = self.db.get(cursor_key(stream))? else { return Ok(None) };
        let chain: Chain = postcard::from_bytes(&bytes).map_err(|error| StoreError(error.to_string()))?;
        if chain.stream() != stream {
            return Err(StoreError(format!("the cursor of {stream} is one of {}", chain.stream())));
        }
        Ok(Some(chain))
    }

    /// Which shape of which projection the rows are of; `None` if there are none.
    pub(super) fn generation(&self) -> Result<Option<String>, StoreError> {
        match self.db.get(GENERATION_KEY)? {
            Some(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            None if self.db.is_empty() => Ok(None),
            None => Err(StoreError("it has rows but no generation".to_owned())),
        }
    }

    pub(super) fn set_generation(&self, generation: &str) -> Result<(), StoreError> {
        self.db.insert(GENERATION_KEY, generation)?;
        Ok(())
    }
}

fn own(key: &[u8]) -> Vec<u8> {
    let mut own = Vec::with_capacity(key.len() + 1);
    own.push(ROW);
    own.extend_from_slice(key);
    own
}

fn pair(row: sled::Result<(sled::IVec, sled::IVec)>) -> Result<(Row, Row), StoreError> {
    let (key, value) = row?;
    Ok((Row { bytes: key, skip: 1 }, Row { bytes: value, skip: 0 }))
}
