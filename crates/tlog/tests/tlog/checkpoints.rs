use tlog::{
    Checkpoint, CheckpointError, NoteError, NoteSigner, SignedNote, Tree, TreeHead, consistency_proof,
    inclusion_proof, verify_consistency, verify_inclusion,
};

use crate::oracle::leaves;

const ORIGIN: &str = "example.com/behind-the-sofa";

/// The example of C2SP tlog-checkpoint.
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const EXAMPLE_SIGNATURE: &str = "\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

fn signer() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[9; 32]).expect("a good name")
}

#[test]
fn given_the_example_of_the_specification_when_read_then_it_is_written_back_byte_for_byte() {
    let note = SignedNote::parse(format!("{EXAMPLE}\n{EXAMPLE_SIGNATURE}").as_bytes()).unwrap();
    assert_eq!(note.to_string(), format!("{EXAMPLE}\n{EXAMPLE_SIGNATURE}"));
    let checkpoint: Checkpoint = note.unverified_text().parse().unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    assert_eq!(checkpoint.head().size, 20_852_163);
    assert_eq!(
        checkpoint.head().root.to_string(),
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    );
    assert_eq!(checkpoint.to_string(), EXAMPLE);
}

#[test]
fn given_a_log_when_a_reader_holds_two_checkpoints_then_proofs_tie_them_and_their_leaves() {
    let leaves = leaves(11);
    let signer = signer();
    let keys = [signer.verifier_key().clone()];
    let publish = |size: usize| {
        let tree: Tree = leaves[..size].iter().copied().collect();
        Checkpoint::new(ORIGIN, tree.head()).unwrap().sign(&signer).unwrap().to_bytes()
    };
    let old = Checkpoint::open(&publish(4), ORIGIN, &keys).unwrap();
    let new = Checkpoint::open(&publish(11), ORIGIN, &keys).unwrap();
    let proof = consistency_proof(leaves.as_slice(), 4, 11).unwrap();
    assert_eq!(verify_consistency(&proof, old.head(), new.head()), Ok(()));
    let proof = inclusion_proof(leaves.as_slice(), 9, 11).unwrap();
    assert_eq!(verify_inclusion(&proof, 9, &leaves[9], new.head()), Ok(()));
}

#[test]
fn given_extension_lines_and_an_empty_tree_when_written_and_read_then_nothing_is_lost() {
    let checkpoint = Checkpoint::new("日志 7", TreeHead::empty())
        .unwrap()
        .with_extension("first")
        .unwrap()
        .with_extension("second one")
        .unwrap();
    let text = checkpoint.to_string();
    assert_eq!(text, "日志 7\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nfirst\nsecond one\n");
    assert_eq!(text.parse(), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.extensions(), ["first", "second one"]);
}

#[test]
fn given_a_checkpoint_of_another_log_or_key_when_opened_then_it_is_refused() {
    let signer = signer();
    let keys = [signer.verifier_key().clone()];
    let note =
        Checkpoint::new("example.com/other", TreeHead::empty()).unwrap().sign(&signer).unwrap().to_bytes();
    assert_eq!(
        Checkpoint::open(&note, ORIGIN, &keys),
        Err(CheckpointError::Origin { expected: ORIGIN.to_owned(), actual: "example.com/other".to_owned() })
    );
    // Same name, other key.
    let thief = NoteSigner::from_seed(ORIGIN, &[10; 32]).unwrap();
    let note = Checkpoint::new(ORIGIN, TreeHead::empty()).unwrap().sign(&thief).unwrap().to_bytes();
    assert!(matches!(
        Checkpoint::open(&note, ORIGIN, &keys),
        Err(CheckpointError::Note(NoteError::NoKnownSignature { .. }))
    ));
}

#[test]
fn given_a_signed_text_that_is_no_checkpoint_when_opened_then_it_is_refused() {
    let signer = signer();
    let keys = [signer.verifier_key().clone()];
    let note = SignedNote::sign("hello\n".to_owned(), &signer).unwrap().to_bytes();
    assert_eq!(Checkpoint::open(&note, ORIGIN, &keys), Err(CheckpointError::TooFewLines { actual: 1 }));
}

#[test]
fn given_every_single_bit_flip_of_a_signed_checkpoint_when_opened_then_none_holds() {
    let signer = signer();
    let keys = [signer.verifier_key().clone()];
    let note = Checkpoint::new(ORIGIN, TreeHead::empty()).unwrap().sign(&signer).unwrap().to_bytes();
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut changed = note.clone();
            changed[at] ^= 1 << bit;
            assert!(Checkpoint::open(&changed, ORIGIN, &keys).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn given_malformed_texts_when_read_then_the_error_says_what_was_expected() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let size = |actual: &str| CheckpointError::Size { actual: actual.to_owned() };
    let cases = [
        (String::new(), CheckpointError::Line { line: 1 }),
        ("\n".to_owned(), CheckpointError::Line { line: 1 }),
        (format!("log\n1\n{root}"), CheckpointError::Line { line: 3 }),
        (format!("\n1\n{root}\n"), CheckpointError::Line { line: 1 }),
        (format!("log\n1\n{root}\n\n"), CheckpointError::Line { line: 4 }),
        ("log\n1\n".to_owned(), CheckpointError::TooFewLines { actual: 2 }),
        (format!("log\n01\n{root}\n"), size("01")),
        (format!("log\n00\n{root}\n"), size("00")),
        (format!("log\n+1\n{root}\n"), size("+1")),
        (format!("log\n-1\n{root}\n"), size("-1")),
        (format!("log\n1 \n{root}\n"), size("1 ")),
        (format!("log\n18446744073709551616\n{root}\n"), size("18446744073709551616")),
        ("log\n1\nAAAA\n".to_owned(), CheckpointError::Root { actual: "AAAA".to_owned() }),
        (format!("log\n1\n {root}\n"), CheckpointError::Root { actual: format!(" {root}") }),
        (format!("l\tog\n1\n{root}\n"), CheckpointError::Part { part: "the origin" }),
        (format!("log\n1\n{root}\nx\ty\n"), CheckpointError::Part { part: "the extension" }),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Checkpoint>(), Err(expected), "{text:?}");
    }
    assert_eq!(format!("log\n{}\n{root}\n", u64::MAX).parse::<Checkpoint>().unwrap().head().size, u64::MAX);
}

#[test]
fn given_parts_that_are_no_line_when_built_then_they_are_refused() {
    let origin = Err(CheckpointError::Part { part: "the origin" });
    assert_eq!(Checkpoint::new("", TreeHead::empty()), origin);
    assert_eq!(Checkpoint::new("a\nb", TreeHead::empty()), origin);
    let checkpoint = Checkpoint::new("a", TreeHead::empty()).unwrap();
    assert_eq!(checkpoint.with_extension("b\n"), Err(CheckpointError::Part { part: "the extension" }));
}
