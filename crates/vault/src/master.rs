//! The master key: where it lives, and what is derived from it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::derive::{Label, subkey};
use crate::hex::{HexError, decode32, encode32};
use crate::pseudonym::Pseudonyms;
use crate::token::TokenKey;

/// 32 random bytes on which every pseudonym and every sealed field depends. Lost, all of them are lost. Wiped
/// from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why there is no master key. Never repeats any part of one.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file is not there.
    #[error("expected the master key in {path}, found no file; restore it, or let a new vault create one")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Somebody else could read it.
    #[error(
        "expected {path} to be readable by its owner only (600), got mode {mode:o}; run: chmod 600 {path}"
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not 64 characters.
    #[error(
        "expected a master key of 64 hexadecimal digits in {origin}, got {got} bytes; restore the key from its backup"
    )]
    Length {
        /// File or setting.
        origin: String,
        /// Length without surrounding white space.
        got: usize,
    },
    /// A character that is not a hexadecimal digit.
    #[error(
        "expected a master key of 64 hexadecimal digits in {origin}, got another character at position {position}; restore the key from its backup"
    )]
    Digit {
        /// File or setting.
        origin: String,
        /// From 1.
        position: usize,
    },
    /// The operating system refused.
    #[error("cannot {action} the master key {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("expected 32 random bytes for a new master key from the operating system, got an error: {0}")]
    Random(getrandom::Error),
}

impl MasterKey {
    /// The file's usual name in a data directory.
    pub const FILE_NAME: &'static str = "vault.key";

    /// A new random key, kept nowhere.
    pub fn generate() -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(MasterKeyError::Random)?;
        Ok(Self(bytes))
    }

    /// From 64 hexadecimal digits, as an environment variable holds them. White space around them is ignored.
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        Self::decode(text.as_bytes(), || "the given value".to_owned())
    }

    /// Reads the key file. Refuses one that anybody but its owner could read.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |action| move |source| MasterKeyError::Io { action, path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(MasterKeyError::Missing { path: path.to_owned() });
            }
            opened => opened.map_err(failed("open"))?,
        };
        let mode = file.metadata().map_err(failed("inspect"))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
        }
        // A key is 65 bytes. One more than a page tells a wrong file without reading all of it.
        let mut text = Zeroizing::new(Vec::with_capacity(4097));
        Read::by_ref(&mut file).take(4097).read_to_end(&mut text).map_err(failed("read"))?;
        Self::decode(&text, || path.display().to_string())
    }

    /// Reads the key file, or makes a new key and file (mode 600, synced, with its directory synced) if there
    /// is none. Of two processes that both find none, one makes it and both read the same.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        match Self::load(path) {
            Err(MasterKeyError::Missing { .. }) => {
                Self::generate()?.store_new(path)?;
                Self::load(path)
            }
            found => found,
        }
    }

    /// Makes pseudonyms of numbers, people and cases.
    pub fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms::new(&self.subkey(Label::Pseudonym))
    }

    /// Makes and checks the MACs of tokens.
    pub fn tokens(&self) -> TokenKey {
        TokenKey::new(self.subkey(Label::Token))
    }

    /// Seed of the Ed25519 key that signs checkpoints of the audit log.
    pub fn checkpoint_seed(&self) -> Zeroizing<[u8; 32]> {
        self.subkey(Label::CheckpointSeed)
    }

    pub(crate) fn subkey(&self, label: Label) -> Zeroizing<[u8; 32]> {
        subkey(&self.0, label)
    }

    fn decode(text: &[u8], origin: impl Fn() -> String) -> Result<Self, MasterKeyError> {
        decode32(text.trim_ascii()).map(Self).map_err(|error| match error {
            HexError::Length { got } => MasterKeyError::Length { origin: origin(), got },
            HexError::Digit { position } => MasterKeyError::Digit { origin: origin(), position },
        })
    }

    /// Writes a whole file under another name, then links it to `path`: a link, unlike a rename, never replaces
    /// a key that another process has made meanwhile.
    fn store_new(&self, path: &Path) -> Result<(), MasterKeyError> {
        let failed = |action| move |source| MasterKeyError::Io { action, path: path.to_owned(), source };
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(MasterKeyError::Random)?;
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{:016x}.new", u64::from_be_bytes(suffix)));
        let draft = PathBuf::from(draft);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(encode32(&self.0).as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        let written = write().map_err(failed("create a draft of"));
        let linked = written.map(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        match linked? {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("create")(error));
            }
            _ => removed.map_err(failed("remove the draft of"))?,
        }
        sync_parent(path).map_err(failed("sync the directory of"))
    }
}

/// Makes a new or renamed file's name durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().expect("directory")
    }

    #[test]
    fn given_no_file_when_creation_is_asked_for_then_it_is_private_and_read_again() {
        let directory = directory();
        let path = directory.path().join(MasterKey::FILE_NAME);
        assert!(matches!(MasterKey::load(&path), Err(MasterKeyError::Missing { .. })));
        let made = MasterKey::load_or_create(&path).expect("created");
        let mode = fs::metadata(&path).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read(&path).expect("file").len(), 65);
        assert_eq!(MasterKey::load(&path).expect("loaded").0, made.0);
        assert_eq!(MasterKey::load_or_create(&path).expect("loaded").0, made.0);
        assert_eq!(fs::read_dir(directory.path()).expect("directory").count(), 1, "no draft is left");
    }

    #[test]
    fn given_a_key_when_another_process_also_creates_then_the_first_stays() {
        let directory = directory();
        let path = directory.path().join("k");
        let first = MasterKey::load_or_create(&path).expect("created");
        MasterKey::generate().expect("random").store_new(&path).expect("lost the race quietly");
        assert_eq!(MasterKey::load(&path).expect("loaded").0, first.0);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let directory = directory();
        let path = directory.path().join("k");
        MasterKey::load_or_create(&path).expect("created");
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            let error = MasterKey::load_or_create(&path).expect_err("exposed");
            assert!(matches!(error, MasterKeyError::Exposed { mode: got, .. } if got == mode));
            assert!(error.to_string().contains("chmod 600"));
        }
    }

    #[test]
    fn a_spoilt_file_is_refused_and_not_replaced() {
        let directory = directory();
        let path = directory.path().join("k");
        MasterKey::load_or_create(&path).expect("created");
        for (spoilt, digit) in
            [("", false), ("00ff", false), (&"x".repeat(64), true), (&"0".repeat(66), false)]
        {
            fs::write(&path, spoilt).expect("written");
            let error = MasterKey::load_or_create(&path).expect_err("spoilt");
            assert_eq!(matches!(error, MasterKeyError::Digit { position: 1, .. }), digit, "{error}");
            assert_eq!(matches!(error, MasterKeyError::Length { got, .. } if got == spoilt.len()), !digit);
            assert_eq!(fs::read_to_string(&path).expect("file"), spoilt);
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let secret = "ab".repeat(32);
        let key = MasterKey::from_hex(&format!(" {secret}\n")).expect("key");
        let shown = format!("{key:?} {:?} {:?}", key.pseudonyms(), key.tokens());
        assert_eq!(shown, "MasterKey(hidden) Pseudonyms(hidden) TokenKey(hidden)");
        let error = MasterKey::from_hex(&secret[..40]).expect_err("short");
        assert!(!format!("{error} {error:?}").contains("abab"));
    }
}
