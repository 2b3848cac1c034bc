//! One-time codes: six digits that show that a number is somebody's. Nothing is stored: the code is a MAC of the
//! contact point and the ten minutes that it was made in, and holds in the ten minutes after as well.

use model::{ContactPointId, Timestamp};
use vault::TokenKey;

const LABEL: &str = "one-time-code/v1";
const WINDOW_MS: i64 = 10 * 60 * 1000;

/// The code for a contact point at `now`.
pub(crate) fn code(key: &TokenKey, contact: ContactPointId, now: Timestamp) -> String {
    of_window(key, contact, now.0.div_euclid(WINDOW_MS))
}

/// Whether `given` is the code of this window or the one before. Of the same duration wherever they differ.
pub(crate) fn fits(key: &TokenKey, contact: ContactPointId, now: Timestamp, given: &str) -> bool {
    let window = now.0.div_euclid(WINDOW_MS);
    let equals = |window| {
        let expected = of_window(key, contact, window);
        let same_length = expected.len() == given.len();
        let differing =
            expected.bytes().zip(given.bytes()).fold(0, |bits, (one, other)| bits | (one ^ other));
        same_length & (differing == 0)
    };
    equals(window) | equals(window - 1)
}

fn of_window(key: &TokenKey, contact: ContactPointId, window: i64) -> String {
    let mut data = [0; 24];
    data[..16].copy_from_slice(&contact.0);
    data[16..].copy_from_slice(&window.to_be_bytes());
    let mac = key.mac(LABEL, &data);
    let mut head = [0; 8];
    head.copy_from_slice(&mac[..8]);
    // 2^64 is no multiple of 10^6; the bias is below 10^-13.
    format!("{:06}", u64::from_be_bytes(head) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use vault::MasterKey;

    use super::*;

    #[test]
    fn a_code_fits_its_contact_in_its_window_and_the_next() {
        let key = MasterKey::generate().expect("random").tokens();
        let contact = ContactPointId([1; 16]);
        let made = Timestamp(1_000 * WINDOW_MS + 5);
        let digits = code(&key, contact, made);
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(fits(&key, contact, made, &digits));
        assert!(fits(&key, contact, made.plus_ms(WINDOW_MS), &digits));
        assert!(!fits(&key, contact, made.plus_ms(2 * WINDOW_MS), &digits));
        assert!(!fits(&key, contact, made.plus_ms(-WINDOW_MS), &digits));
        assert!(!fits(&key, ContactPointId([2; 16]), made, &digits));
        for wrong in ["", "1", "0000000", &digits[..5], "不是数字"] {
            assert!(!fits(&key, contact, made, wrong), "{wrong}");
        }
    }
}
