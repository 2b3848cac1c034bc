//! The digest of a file, taken while it is read.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Reads on, and keeps the digest of what was read.
pub(super) struct Digesting<R> {
    reader: R,
    digest: FileDigest,
}

/// Of what was read so far.
#[derive(Clone, Default)]
pub(super) struct FileDigest(Arc<Mutex<Sha256>>);

impl<R> Digesting<R> {
    pub(super) fn new(reader: R) -> (Self, FileDigest) {
        let digest = FileDigest::default();
        (Self { reader, digest: digest.clone() }, digest)
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        self.digest.0.lock().unwrap_or_else(PoisonError::into_inner).update(&out[..read]);
        Ok(read)
    }
}

impl FileDigest {
    pub(super) fn end(&self) -> [u8; 32] {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize().into()
    }
}
