use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog::{
    KeyError, KeyId, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, NoteSigner, SignedNote, VerifierKey,
};

// The example of Go's golang.org/x/mod/sumdb/note: published, so no secret.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn peter() -> VerifierKey {
    PETER.parse().expect("the reference key")
}

fn peter_note() -> Vec<u8> {
    format!("{TEXT}\n{SIGNATURE}").into_bytes()
}

fn signer(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::from_seed(name, &[seed; 32]).expect("a good name")
}

#[test]
fn given_the_reference_note_when_verified_then_it_holds_and_is_written_back_byte_for_byte() {
    let note = SignedNote::parse(&peter_note()).unwrap();
    let keys = [peter()];
    let verified = note.verify(&keys).unwrap();
    assert_eq!(verified.text, TEXT);
    assert_eq!(verified.signers, [&keys[0]]);
    assert_eq!(note.to_bytes(), peter_note());
    assert_eq!(note.signatures()[0].name(), "PeterNeumann");
    assert_eq!(note.signatures()[0].id().to_string(), "c74f20a3");
    assert_eq!(note.signatures()[0].signature().len(), 64);
}

#[test]
fn given_the_reference_secret_key_when_signing_then_the_note_is_the_reference_note() {
    let seed = STANDARD.decode(PETER_SEED).unwrap();
    let signer = NoteSigner::from_seed("PeterNeumann", seed[1..].try_into().unwrap()).unwrap();
    assert_eq!(signer.verifier_key().to_string(), PETER);
    assert_eq!(SignedNote::sign(TEXT.to_owned(), &signer).unwrap().to_bytes(), peter_note());
}

#[test]
fn given_published_verifier_keys_when_read_then_id_and_text_agree() {
    // From C2SP signed-note, Go's sumdb/note tests and transparency-dev/formats; the last one's base64 holds
    // a '+'.
    let keys = [
        PETER,
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
    ];
    for line in keys {
        assert_eq!(line.parse::<VerifierKey>().unwrap().to_string(), line);
    }
}

#[test]
fn given_every_single_bit_flip_of_the_reference_note_when_verified_then_none_holds() {
    let bytes = peter_note();
    let keys = [peter()];
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let holds = SignedNote::parse(&changed).is_ok_and(|note| note.verify(&keys).is_ok());
            assert!(!holds, "bit {bit} of byte {at}");
        }
    }
    for cut in 0..bytes.len() {
        let holds = SignedNote::parse(&bytes[..cut]).is_ok_and(|note| note.verify(&keys).is_ok());
        assert!(!holds, "cut at {cut}");
    }
}

#[test]
fn given_two_signers_when_verified_then_each_trusted_one_is_named_and_strangers_are_ignored() {
    let (log, witness, stranger) =
        (signer("example.com/log", 1), signer("example.com/witness", 2), signer("x", 3));
    let mut note = SignedNote::sign("a\n\nb\n".to_owned(), &log).unwrap();
    note.add_signature(&witness);
    let note = SignedNote::parse(&note.to_bytes()).unwrap();
    let (log, witness) = (log.verifier_key().clone(), witness.verifier_key().clone());

    let both = [witness.clone(), log.clone()];
    assert_eq!(note.verify(&both).unwrap().signers, [&witness, &log]);
    assert_eq!(note.verify(&both).unwrap().text, "a\n\nb\n");
    assert_eq!(note.verify(std::slice::from_ref(&log)).unwrap().signers, [&log]);

    let error = note.verify(std::slice::from_ref(stranger.verifier_key())).unwrap_err();
    assert!(matches!(error, NoteError::NoKnownSignature { .. }));
    let message = error.to_string();
    assert!(message.contains("x (") && message.contains("example.com/log ("), "{message}");
    assert!(matches!(note.verify(&[]), Err(NoteError::NoKnownSignature { .. })));
}

#[test]
fn given_one_bad_signature_among_good_ones_when_its_key_is_trusted_then_the_whole_note_is_refused() {
    let (log, witness) = (signer("log", 1), signer("witness", 2));
    let mut note = SignedNote::sign("text\n".to_owned(), &log).unwrap();
    let other = SignedNote::sign("other\n".to_owned(), &witness).unwrap();
    note.add_signature(&witness);
    let spliced =
        SignedNote::parse(format!("text\n\n{}{}", note.signatures()[0], other.signatures()[0]).as_bytes())
            .unwrap();
    let keys = [log.verifier_key().clone(), witness.verifier_key().clone()];
    assert_eq!(note.verify(&keys).unwrap().signers.len(), 2);
    assert_eq!(
        spliced.verify(&keys),
        Err(NoteError::BadSignature { name: "witness".to_owned(), id: keys[1].id() })
    );
    // Nobody who does not know the witness can tell.
    assert_eq!(spliced.verify(&keys[..1]).unwrap().signers, [&keys[0]]);
}

#[test]
fn given_a_good_and_a_bad_signature_by_one_key_when_verified_then_the_note_is_refused() {
    let log = signer("log", 1);
    let good = SignedNote::sign("text\n".to_owned(), &log).unwrap();
    let bad = SignedNote::sign("other\n".to_owned(), &log).unwrap();
    let keys = [log.verifier_key().clone()];
    for (first, second) in [(&good, &bad), (&bad, &good)] {
        let note = format!("text\n\n{}{}", first.signatures()[0], second.signatures()[0]);
        assert!(matches!(
            SignedNote::parse(note.as_bytes()).unwrap().verify(&keys),
            Err(NoteError::BadSignature { .. })
        ));
    }
}

#[test]
fn given_the_same_signer_twice_when_adding_then_one_signature_stays() {
    let log = signer("log", 1);
    let mut note = SignedNote::sign("text\n".to_owned(), &log).unwrap();
    let once = note.clone();
    note.add_signature(&log);
    assert_eq!(note, once);
}

#[test]
fn given_malformed_notes_when_read_then_the_error_says_what_was_expected() {
    let line = |line, part| Err(NoteError::SignatureLine { line, part });
    let cases: Vec<(Vec<u8>, Result<SignedNote, NoteError>)> = vec![
        (vec![], Err(NoteError::NoSignatures)),
        (TEXT.into(), Err(NoteError::NoSignatures)),
        (b"text\n\n".to_vec(), Err(NoteError::NoSignatures)),
        (peter_note()[..peter_note().len() - 1].to_vec(), Err(NoteError::NoSignatures)),
        (b"te\xffxt\n\n".to_vec(), Err(NoteError::NotUtf8 { at: 2 })),
        (b"text\r\n\n".to_vec(), Err(NoteError::ControlCharacter { byte: b'\r', at: 4 })),
        (b"t\n\n- a AAAAAAA=\n".to_vec(), line(1, "the em dash and space")),
        ("t\n\n\u{2014} a\n".into(), line(1, "the signature")),
        ("t\n\n\u{2014}  AAAAAAA=\n".into(), line(1, "the key name")),
        ("t\n\n\u{2014} a+b AAAAAAA=\n".into(), line(1, "the key name")),
        ("t\n\n\u{2014} a AAAA!\n".into(), line(1, "the base64 of the signature")),
        // Trailing bits that are not zero: a second spelling of the same bytes.
        ("t\n\n\u{2014} a AAAAAAB=\n".into(), line(1, "the base64 of the signature")),
        ("t\n\n\u{2014} a AAAAAAA\n".into(), line(1, "the base64 of the signature")),
        ("t\n\n\u{2014} a AAAAAA==\n".into(), line(1, "the signature after the key id")),
        ("t\n\n\u{2014} a AAAAAAA=\nnoise\n".into(), line(2, "the em dash and space")),
        (vec![b'a'; NOTE_BYTES_MAX + 1], Err(NoteError::TooLong { actual: NOTE_BYTES_MAX + 1 })),
    ];
    for (note, expected) in cases {
        assert_eq!(SignedNote::parse(&note), expected, "{:?}", String::from_utf8_lossy(&note));
    }
}

#[test]
fn given_many_signatures_when_read_then_up_to_the_maximum_are_taken() {
    let note = |count| format!("t\n\n{}", "\u{2014} a AAAAAAA=\n".repeat(count));
    assert!(SignedNote::parse(note(NOTE_SIGNATURES_MAX).as_bytes()).is_ok());
    assert_eq!(
        SignedNote::parse(note(NOTE_SIGNATURES_MAX + 1).as_bytes()),
        Err(NoteError::TooManySignatures { actual: NOTE_SIGNATURES_MAX + 1 })
    );
}

#[test]
fn given_texts_that_no_note_can_hold_when_signing_then_they_are_refused() {
    let log = signer("log", 1);
    assert_eq!(SignedNote::sign("no end".to_owned(), &log), Err(NoteError::TextEnd));
    assert_eq!(SignedNote::sign(String::new(), &log), Err(NoteError::TextEnd));
    assert_eq!(
        SignedNote::sign("tab\t\n".to_owned(), &log),
        Err(NoteError::ControlCharacter { byte: b'\t', at: 3 })
    );
}

#[test]
fn given_malformed_verifier_keys_when_read_then_the_error_says_what_was_expected() {
    let parse = |line: &str| line.parse::<VerifierKey>();
    let name = |name: &str| Err(KeyError::Name { name: name.to_owned() });
    let base64 = KeyError::Format { part: "the base64 of the key" };
    assert_eq!(parse(""), name(""));
    assert_eq!(parse(&PETER.replace("PeterNeumann", "Peter Neumann")), name("Peter Neumann"));
    assert_eq!(parse(&PETER.replace("PeterNeumann", "Peter\u{a0}Neumann")), name("Peter\u{a0}Neumann"));
    assert_eq!(parse("PeterNeumann"), Err(KeyError::Format { part: "the key id" }));
    assert_eq!(parse("PeterNeumann+c74f20a+AR=="), Err(KeyError::Format { part: "the key id" }));
    assert_eq!(parse("PeterNeumann++c74f20a+AR=="), Err(KeyError::Format { part: "the key id" }));
    assert_eq!(parse("PeterNeumann+c74f20a3"), Err(base64.clone()));
    assert_eq!(parse("PeterNeumann+c74f20a3+!"), Err(base64.clone()));
    assert_eq!(parse("PeterNeumann+c74f20a3+"), Err(base64));
    assert_eq!(
        parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"),
        Err(KeyError::Type { actual: 4 })
    );
    assert_eq!(parse("PeterNeumann+c74f20a3+AQID"), Err(KeyError::PublicKey { bytes: 2 }));
    assert_eq!(
        parse(&PETER.replace("PeterNeumann", "Peter"))
            .map_err(|error| matches!(error, KeyError::KeyId { .. })),
        Err(true)
    );
    assert_eq!(
        parse(&PETER.replace("c74f20a3", "c74f20a4")),
        Err(KeyError::KeyId { expected: peter().id(), actual: KeyId::from_bytes([0xc7, 0x4f, 0x20, 0xa4]) })
    );
    // The identity point, of order 1: it would accept signatures by anybody.
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(VerifierKey::new("a", &identity), Err(KeyError::PublicKey { bytes: 32 }));
}

#[test]
fn given_a_signer_when_shown_for_debugging_then_its_seed_is_not() {
    let shown = format!("{:?}", signer("log", 0xab));
    assert!(shown.contains("log"));
    assert!(!shown.contains("171, 171") && !shown.to_lowercase().contains("abab"), "{shown}");
}
