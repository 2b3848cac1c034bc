//! People's fields from sealing to erasure.

use std::sync::Arc;

use async_trait::async_trait;
use model::{LenderId, PersonId};
use vault::{
    EmbeddedKeys, Field, KeyState, KeyStore, KeyStoreError, MasterKey, MemoryKeys, Opened, Place, SealError,
    SealedField, Vault, VaultError, WrappedKey,
};

const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn master() -> MasterKey {
    MasterKey::from_hex(MASTER).expect("key")
}

async fn in_memory() -> (Vault, Arc<MemoryKeys>) {
    let keys = Arc::new(MemoryKeys::default());
    (Vault::new(master(), keys.clone()).await.expect("vault"), keys)
}

fn name_of(person: PersonId, plaintext: &str) -> Field<'_> {
    Field { place: Place { person, field: "name" }, plaintext: plaintext.as_bytes() }
}

async fn seal_one(vault: &Vault, field: Field<'_>) -> Vec<u8> {
    match vault.seal_batch(&[field]).await.expect("sealed").pop() {
        Some(SealedField::Sealed(bytes)) => bytes,
        other => panic!("not sealed: {other:?}"),
    }
}

const ZHANG: PersonId = PersonId([1; 16]);
const LI: PersonId = PersonId([2; 16]);

#[tokio::test]
async fn given_a_batch_when_sealed_then_each_opens_at_its_own_place_only() {
    let (vault, _) = in_memory().await;
    let fields = [
        name_of(ZHANG, "Zhang"),
        name_of(LI, "Zhang"),
        Field { place: Place { person: ZHANG, field: "phone" }, plaintext: b"Zhang" },
        name_of(ZHANG, "Zhang"),
    ];
    let sealed = vault.seal_batch(&fields).await.expect("sealed");
    assert_eq!(sealed[0], sealed[3], "same place, same bytes");
    assert_ne!(sealed[0], sealed[1]);
    assert_ne!(sealed[0], sealed[2]);

    let bytes = seal_one(&vault, fields[0]).await;
    assert_eq!(sealed[0], SealedField::Sealed(bytes.clone()), "also in a later batch");
    assert_eq!(vault.open(ZHANG, "name", &bytes).await.expect("opened"), Opened::Plain(b"Zhang".to_vec()));
    for (person, field) in [(LI, "name"), (ZHANG, "phone")] {
        let error = vault.open(person, field, &bytes).await.expect_err("elsewhere");
        assert!(matches!(error, VaultError::Field { source: SealError::Damaged, .. }), "{error}");
    }
    let error = vault.open(PersonId([9; 16]), "name", &bytes).await.expect_err("no such person");
    assert!(matches!(error, VaultError::NoKey { .. }), "{error}");
    assert!(vault.seal_batch(&[]).await.expect("nothing").is_empty());
}

#[tokio::test]
async fn given_an_erased_person_then_nothing_opens_and_nothing_is_taken_in() {
    let (vault, keys) = in_memory().await;
    let zhang = seal_one(&vault, name_of(ZHANG, "Zhang")).await;
    let li = seal_one(&vault, name_of(LI, "Li")).await;
    vault.erase(ZHANG).await.expect("erased");

    assert!(vault.is_erased(ZHANG).await.expect("asked"));
    assert!(!vault.is_erased(LI).await.expect("asked"));
    assert_eq!(keys.get(&[ZHANG]).await.expect("get"), [KeyState::Erased]);
    let opened = vault
        .open_batch(&[
            (Place { person: ZHANG, field: "name" }, &zhang),
            (Place { person: LI, field: "name" }, &li),
        ])
        .await
        .expect("opened");
    assert_eq!(opened, [Opened::Erased, Opened::Plain(b"Li".to_vec())]);
    let sealed = vault.seal_batch(&[name_of(ZHANG, "Zhang"), name_of(LI, "Li")]).await.expect("sealed");
    assert_eq!(sealed, [SealedField::Erased, SealedField::Sealed(li)]);
}

#[tokio::test]
async fn given_the_embedded_store_when_reopened_then_fields_open_and_the_erased_stay_erased() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join(EmbeddedKeys::FILE_NAME);
    let open = async |master| Vault::new(master, Arc::new(EmbeddedKeys::open(&path).expect("store"))).await;

    let vault = open(master()).await.expect("vault");
    let zhang = seal_one(&vault, name_of(ZHANG, "Zhang")).await;
    let li = seal_one(&vault, name_of(LI, "Li")).await;
    vault.erase(ZHANG).await.expect("erased");
    drop(vault);

    let vault = open(master()).await.expect("vault");
    assert_eq!(vault.open(ZHANG, "name", &zhang).await.expect("opened"), Opened::Erased);
    assert_eq!(vault.open(LI, "name", &li).await.expect("opened"), Opened::Plain(b"Li".to_vec()));
    assert_eq!(seal_one(&vault, name_of(LI, "Li")).await, li, "the same file again changes nothing");
    let again = vault.seal_batch(&[name_of(ZHANG, "Zhang")]).await.expect("sealed");
    assert_eq!(again, [SealedField::Erased]);
    drop(vault);

    let error = open(MasterKey::generate().expect("random")).await.expect_err("another master key");
    assert!(matches!(error, VaultError::OtherMaster));
    assert!(error.to_string().contains("restore the right vault.key"));
    open(master()).await.expect("the refused key changed nothing");
}

/// Between `get` and `put_new` another writer makes the key, or erases the person.
struct Overtaken {
    inner: MemoryKeys,
    by: KeyState,
}

#[async_trait]
impl KeyStore for Overtaken {
    async fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, KeyStoreError> {
        self.inner.get(people).await
    }
    async fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, KeyStoreError> {
        for (person, _) in entries {
            match &self.by {
                KeyState::Key(wrapped) => drop(self.inner.put_new(&[(*person, wrapped.clone())]).await?),
                _ => self.inner.erase(*person).await?,
            }
        }
        self.inner.put_new(entries).await
    }
    async fn erase(&self, person: PersonId) -> Result<(), KeyStoreError> {
        self.inner.erase(person).await
    }
    async fn scrub(&self) -> Result<(), KeyStoreError> {
        self.inner.scrub().await
    }
    async fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.inner.check_value(offered).await
    }
}

#[tokio::test]
async fn given_another_writer_in_between_then_its_key_or_its_erasure_is_what_counts() {
    let (first, keys) = in_memory().await;
    let expected = seal_one(&first, name_of(ZHANG, "Zhang")).await;
    let winner = keys.get(&[ZHANG]).await.expect("get").remove(0);
    let overtaken = |by| Arc::new(Overtaken { inner: MemoryKeys::default(), by });

    let second = Vault::new(master(), overtaken(winner)).await.expect("vault");
    assert_eq!(seal_one(&second, name_of(ZHANG, "Zhang")).await, expected);

    let third = Vault::new(master(), overtaken(KeyState::Erased)).await.expect("vault");
    let sealed = third.seal_batch(&[name_of(ZHANG, "Zhang")]).await.expect("sealed");
    assert_eq!(sealed, [SealedField::Erased]);
}

#[tokio::test]
async fn plaintext_is_never_shown() {
    let (vault, _) = in_memory().await;
    let field = name_of(ZHANG, "Zhang San");
    let bytes = seal_one(&vault, field).await;
    let opened = vault.open(ZHANG, "name", &bytes).await.expect("opened");
    let keys = vault.keys_for(&[ZHANG]).await.expect("keys");
    let long = "Zhang".repeat(20_000);
    let error = vault.seal_batch(&[name_of(ZHANG, &long)]).await.expect_err("too long");
    let shown = format!("{field:?} {opened:?} {vault:?} {keys:?} {error} {error:?}");
    assert!(!shown.contains("Zhang") && !shown.contains("90, 104"), "{shown}");
    assert!(shown.contains("Plain(hidden)") && shown.contains("DataKey(hidden)"));
}

#[tokio::test]
async fn the_vault_hands_out_what_its_master_key_derives() {
    let (vault, _) = in_memory().await;
    assert_eq!(vault.checkpoint_seed(), master().checkpoint_seed());
    assert_eq!(vault.pseudonyms().case(LenderId(1), "A"), master().pseudonyms().case(LenderId(1), "A"));
    assert_eq!(vault.tokens().mac("permit", b"x"), master().tokens().mac("permit", b"x"));
}
