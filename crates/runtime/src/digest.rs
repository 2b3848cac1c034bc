//! The digest of a command's input, which tells a retry from a mistake.

use std::cell::RefCell;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// A thread keeps a buffer of so many bytes: more than most commands need.
const KEPT_MAX: usize = 64 * 1024;

/// The XXH3-64 of `input` in postcard; `None` if it does not serialise.
///
/// It need not withstand somebody who looks for two inputs with the same digest: whoever finds them gets the answer
/// to one of their own commands. That others get none of it is checked for itself, by the tenant.
pub(crate) fn of_input<T: Serialize>(input: &T) -> Option<u64> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        let serialised = events::codec::append(input, buffer);
        let digest = xxh3_64(buffer);
        buffer.shrink_to(KEPT_MAX);
        serialised.is_ok().then_some(digest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_inputs_of_any_length_when_digested_then_it_is_that_of_their_bytes() {
        for length in [0, 1, 100, 250, 1000, 2 * KEPT_MAX, 3] {
            let mixed = (7_u64, vec![9_u8; length], [9_u8; 16], Some("text"));
            let whole = postcard::to_stdvec(&mixed).expect("it serialises");
            assert_eq!(of_input(&mixed), Some(xxh3_64(&whole)), "{length}");
        }
    }
}
