//! The vault: people's keys made, found, used and destroyed.

use std::fmt;
use std::sync::Arc;

use model::PersonId;
use zeroize::Zeroizing;

use crate::by_person::ByPerson;
use crate::derive::Label;
use crate::keys::{KeyState, KeyStore, KeyStoreError, WrappedKey};
use crate::master::MasterKey;
use crate::pseudonym::Pseudonyms;
use crate::seal::{self, DataKey, Place, SealError};
use crate::token::TokenKey;

/// Seals and opens personal fields, and erases people. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    master: MasterKey,
    wrapping: seal::Cipher,
    pseudonyms: Pseudonyms,
    tokens: TokenKey,
    keys: Arc<dyn KeyStore>,
}

/// One field to seal.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// Where it belongs.
    pub place: Place,
    /// The personal data.
    pub plaintext: &'a [u8],
}

/// A field after sealing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedField {
    /// `[format][ciphertext][tag]`.
    Sealed(Vec<u8>),
    /// The person is erased: nothing about them is taken in again.
    Erased,
}

/// A field after opening.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The personal data.
    Plain(Vec<u8>),
    /// The person's key is destroyed.
    Erased,
}

/// A person's key, if there still is one.
#[derive(Debug, Clone)]
pub enum PersonKey {
    /// The key.
    Live(DataKey),
    /// It is destroyed.
    Erased,
}

/// Why the vault did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key store failed.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The store was made under another master key. Going on would make second pseudonyms for everybody, and
    /// lose every stop.
    #[error(
        "expected the master key that this key store was created with, got another; restore the right vault.key, or start with an empty data directory"
    )]
    OtherMaster,
    /// There are sealed bytes, yet never was a key.
    #[error(
        "expected a key for {person}, found none; log and key store do not belong together, or the store is older than the log: restore its latest backup"
    )]
    NoKey {
        /// Whose key.
        person: PersonId,
    },
    /// A wrapped key that does not open.
    #[error(
        "expected the wrapped key of {person} to open, got a damaged one; restore the key store from its backup"
    )]
    WrappedKey {
        /// Whose key.
        person: PersonId,
    },
    /// A field that does not seal or open.
    #[error("field {field} of {person}: {source}")]
    Field {
        /// Whose field.
        person: PersonId,
        /// The field's name.
        field: &'static str,
        /// What is wrong.
        source: SealError,
    },
    /// The key store broke its contract.
    #[error(
        "expected the key store to answer for every person asked about, and it did not; check its version"
    )]
    StoreContract,
    /// The operating system gave no random bytes.
    #[error("expected random bytes for a new key from the operating system, got an error: {0}")]
    Random(getrandom::Error),
}

impl Vault {
    /// Joins a master key and a key store. The first vault on a new store leaves a check value derived from its
    /// master key; any other master key is refused from then on.
    pub async fn new(master: MasterKey, keys: Arc<dyn KeyStore>) -> Result<Self, VaultError> {
        let mut check = vec![1];
        check.extend_from_slice(&master.subkey(Label::StoreCheck)[..16]);
        if keys.check_value(&check).await? != check {
            return Err(VaultError::OtherMaster);
        }
        Ok(Self(Arc::new(Inner {
            wrapping: seal::cipher(&master.subkey(Label::Wrapping)),
            pseudonyms: master.pseudonyms(),
            tokens: master.tokens(),
            master,
            keys,
        })))
    }

    /// Makes pseudonyms of numbers, people and cases.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.0.pseudonyms
    }

    /// Makes and checks the MACs of tokens.
    pub fn tokens(&self) -> &TokenKey {
        &self.0.tokens
    }

    /// Seed of the Ed25519 key that signs checkpoints of the audit log.
    pub fn checkpoint_seed(&self) -> Zeroizing<[u8; 32]> {
        self.0.master.checkpoint_seed()
    }

    /// Each person's key, made and stored where there is none. At most two round trips to the store, one if
    /// all are known; a person may be named more than once.
    pub async fn keys_for(&self, people: &[PersonId]) -> Result<Vec<PersonKey>, VaultError> {
        let (keys, positions) = self.unique_keys(people.iter().copied()).await?;
        Ok(positions.into_iter().map(|position| keys[position].clone()).collect())
    }

    /// The key of each of them once, and for each of `people` where it stands.
    async fn unique_keys(
        &self,
        people: impl ExactSizeIterator<Item = PersonId>,
    ) -> Result<(Vec<PersonKey>, Vec<usize>), VaultError> {
        let (unique, positions) = unique(people);
        let states = self.states(&unique).await?;
        let absent: Vec<PersonId> = unique
            .iter()
            .zip(&states)
            .filter(|(_, state)| **state == KeyState::Absent)
            .map(|(person, _)| *person)
            .collect();
        let mut made = self.make_keys(&absent).await?.into_iter();
        let key_of = |(person, state): (&PersonId, &KeyState)| match state {
            KeyState::Absent => made.next().ok_or(VaultError::StoreContract),
            present => self.person_key(*person, present),
        };
        let keys = unique.iter().zip(&states).map(key_of).collect::<Result<_, _>>()?;
        Ok((keys, positions))
    }

    /// Seals many fields of many people. Every key is durable in the store before this returns, so no log ever
    /// holds bytes whose key a crash could lose. Fastest where fields of one person follow each other: the key
    /// schedule is then computed once for all of them.
    pub async fn seal_batch(&self, fields: &[Field<'_>]) -> Result<Vec<SealedField>, VaultError> {
        let people = fields.iter().map(|field| field.place.person);
        let (keys, positions) = self.unique_keys(people).await?;
        let mut sealed = Vec::with_capacity(fields.len());
        let mut ready: Option<(usize, seal::Cipher)> = None;
        for (Field { place, plaintext }, position) in fields.iter().zip(positions) {
            let PersonKey::Live(key) = &keys[position] else {
                sealed.push(SealedField::Erased);
                continue;
            };
            let (_, cipher) = match &mut ready {
                Some(ready) if ready.0 == position => ready,
                other => other.insert((position, key.cipher())),
            };
            let bytes = seal::seal_with(cipher, place, plaintext);
            sealed.push(SealedField::Sealed(bytes.map_err(|source| field_error(place, source))?));
        }
        Ok(sealed)
    }

    /// Opens one sealed field.
    pub async fn open(
        &self,
        person: PersonId,
        field: &'static str,
        sealed: &[u8],
    ) -> Result<Opened, VaultError> {
        let mut opened = self.open_batch(&[(Place { person, field }, sealed)]).await?;
        opened.pop().ok_or(VaultError::StoreContract)
    }

    /// Opens many sealed fields in one round trip to the store. The first that does not open fails the call.
    pub async fn open_batch(&self, sealed: &[(Place, &[u8])]) -> Result<Vec<Opened>, VaultError> {
        let (unique, positions) = unique(sealed.iter().map(|(place, _)| place.person));
        let states = self.states(&unique).await?;
        let open_one = |((place, bytes), position): (&(Place, &[u8]), usize)| match self
            .person_key(place.person, &states[position])?
        {
            PersonKey::Erased => Ok(Opened::Erased),
            PersonKey::Live(key) => {
                seal::open(&key, place, bytes).map(Opened::Plain).map_err(|source| field_error(place, source))
            }
        };
        sealed.iter().zip(positions).map(open_one).collect()
    }

    /// Destroys the person's key for good, also if they never had one. From then on their fields open as
    /// [`Opened::Erased`], and new ones are not taken in.
    pub async fn erase(&self, person: PersonId) -> Result<(), VaultError> {
        Ok(self.0.keys.erase(person).await?)
    }

    /// Whether the person was erased.
    pub async fn is_erased(&self, person: PersonId) -> Result<bool, VaultError> {
        Ok(self.states(&[person]).await?.contains(&KeyState::Erased))
    }

    /// Takes erased keys off the disk as well; for the nightly job and after an erasure request.
    pub async fn scrub(&self) -> Result<(), VaultError> {
        Ok(self.0.keys.scrub().await?)
    }

    async fn states(&self, people: &[PersonId]) -> Result<Vec<KeyState>, VaultError> {
        let states = self.0.keys.get(people).await?;
        if states.len() == people.len() { Ok(states) } else { Err(VaultError::StoreContract) }
    }

    /// Makes and stores a key for each. The store answers with the key that won: ours, or one that another
    /// writer stored meanwhile.
    async fn make_keys(&self, people: &[PersonId]) -> Result<Vec<PersonKey>, VaultError> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        // One call to the operating system for the whole batch.
        let mut random = Zeroizing::new(vec![0; 32 * people.len()]);
        getrandom::fill(&mut random).map_err(VaultError::Random)?;
        let (chunks, _) = random.as_chunks::<32>();
        let fresh: Vec<DataKey> = chunks.iter().map(|bytes| DataKey::new(Zeroizing::new(*bytes))).collect();
        let wrap = |(person, key): (&PersonId, &DataKey)| {
            WrappedKey::wrap(&self.0.wrapping, *person, key)
                .map(|wrapped| (*person, wrapped))
                .map_err(|_| VaultError::WrappedKey { person: *person })
        };
        let wrapped: Vec<_> = people.iter().zip(&fresh).map(wrap).collect::<Result<_, _>>()?;
        let stored = self.0.keys.put_new(&wrapped).await?;
        if stored.len() != wrapped.len() || stored.contains(&KeyState::Absent) {
            return Err(VaultError::StoreContract);
        }
        let winner = |((ours, (person, wrapped)), stored): ((DataKey, &(PersonId, WrappedKey)), KeyState)| {
            match stored {
                KeyState::Key(kept) if kept == *wrapped => Ok(PersonKey::Live(ours)),
                other => self.person_key(*person, &other),
            }
        };
        fresh.into_iter().zip(&wrapped).zip(stored).map(winner).collect()
    }

    fn person_key(&self, person: PersonId, state: &KeyState) -> Result<PersonKey, VaultError> {
        match state {
            KeyState::Absent => Err(VaultError::NoKey { person }),
            KeyState::Erased => Ok(PersonKey::Erased),
            KeyState::Key(wrapped) => wrapped
                .unwrap(&self.0.wrapping, person)
                .map(PersonKey::Live)
                .map_err(|_| VaultError::WrappedKey { person }),
        }
    }
}

/// Each person once, in order of first appearance, and for each of `people` where they stand in that list.
fn unique(people: impl ExactSizeIterator<Item = PersonId>) -> (Vec<PersonId>, Vec<usize>) {
    let mut unique: Vec<PersonId> = Vec::with_capacity(people.len());
    let mut seen = ByPerson::with_capacity_and_hasher(people.len(), Default::default());
    let mut last = 0;
    let position = |person| {
        // Mostly the fields of one person follow each other.
        if unique.get(last) != Some(&person) {
            last = *seen.entry(person).or_insert_with(|| {
                unique.push(person);
                unique.len() - 1
            });
        }
        last
    };
    let positions = people.map(position).collect();
    (unique, positions)
}

fn field_error(place: &Place, source: SealError) -> VaultError {
    VaultError::Field { person: place.person, field: place.field, source }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(hidden)")
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("place", &self.place)
            .field("plaintext_len", &self.plaintext.len())
            .finish()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain(hidden)",
            Self::Erased => "Erased",
        })
    }
}
