//! Whatever the text, reading it ends with a pack or with problems that have a place.

use policy::{parse, texts};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn given_a_pack_with_a_piece_cut_out_and_another_put_in_when_read_then_it_does_not_panic(
        which in 0..texts().len(),
        (from, length) in (0..8_000_usize, 0..60_usize),
        piece in "[ -~\\n\u{4e00}-\u{4e10}\u{2028}]{0,12}",
    ) {
        let characters: Vec<char> = texts()[which].1.chars().collect();
        let from = from % characters.len();
        let rest = (from + length).min(characters.len());
        let text: String =
            characters[..from].iter().copied().chain(piece.chars()).chain(characters[rest..].iter().copied()).collect();
        if let Err(error) = parse(&text) {
            let lines = text.matches('\n').count() + 1;
            prop_assert!(!error.problems().is_empty());
            prop_assert!(error.problems().iter().all(|problem| (1..=lines).contains(&problem.line) && problem.column > 0));
            prop_assert!(error.problems().iter().all(|problem| !problem.expected.is_empty() && !problem.got.is_empty()));
        }
    }

    #[test]
    fn given_any_text_when_read_then_it_does_not_panic(text in "\\PC{0,200}") {
        prop_assert!(parse(&text).is_err());
    }
}
