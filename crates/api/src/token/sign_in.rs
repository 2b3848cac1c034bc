//! Sign-in tokens: who somebody is, and until when.

use events::{Code, Refusal};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use vault::TokenKey;

use crate::principal::Principal;

const KIND: &str = "forbear1";

/// What a sign-in token says. Part of the token: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Who.
    pub principal: Principal,
    /// The first moment at which it no longer holds.
    pub expires_at: Timestamp,
}

impl SignIn {
    /// The token.
    pub fn sign(&self, key: &TokenKey) -> Result<String, Refusal> {
        super::sign(key, KIND, self)
    }

    /// Reads a token at `now`.
    pub fn read(key: &TokenKey, token: &str, now: Timestamp) -> Result<Self, Refusal> {
        let read: Option<Self> = super::read(key, KIND, token);
        match read {
            Some(sign_in) if now < sign_in.expires_at => Ok(sign_in),
            Some(_) => Err(super::refused(Code::FORBIDDEN, "the sign-in has expired; sign in again")),
            None => {
                Err(super::refused(Code::FORBIDDEN, "expected a token of this platform, got another text"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{AgencyId, CollectorId, ContactPointId, LenderId};
    use vault::MasterKey;

    use super::*;

    const SOON: Timestamp = Timestamp(1_000);

    fn every_principal() -> Vec<Principal> {
        let agency = AgencyId(3);
        vec![
            Principal::Operator,
            Principal::Lender(LenderId(7)),
            Principal::Agency(agency),
            Principal::Collector(CollectorId(300), agency),
            Principal::Supervisor(Some(agency)),
            Principal::Supervisor(None),
            Principal::Trunk,
            Principal::CalledPerson(ContactPointId([7; 16])),
            Principal::Anonymous,
        ]
    }

    #[test]
    fn a_token_reads_back_as_who_it_was_made_for_until_it_expires() {
        let key = MasterKey::generate().expect("random").tokens();
        for principal in every_principal() {
            let sign_in = SignIn { principal, expires_at: SOON };
            let token = sign_in.sign(&key).expect("signed");
            assert!(token.starts_with("forbear1."), "{token}");
            assert_eq!(SignIn::read(&key, &token, Timestamp(999)), Ok(sign_in));
            let refusal = SignIn::read(&key, &token, SOON).expect_err("expired");
            assert!(refusal.to_string().contains("expired"), "{refusal}");
        }
    }

    #[test]
    fn a_token_that_was_changed_in_any_byte_is_refused() {
        let key = MasterKey::generate().expect("random").tokens();
        let sign_in = SignIn { principal: Principal::Lender(LenderId(7)), expires_at: SOON };
        let token = sign_in.sign(&key).expect("signed");
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            // The last digit of unpadded base64 has bits that must be zero; the decoder refuses others.
            assert!(SignIn::read(&key, &changed, Timestamp(0)).is_err(), "{index}: {changed}");
        }
        let other = MasterKey::generate().expect("random").tokens();
        assert!(SignIn::read(&other, &token, Timestamp(0)).is_err());
        assert!(SignIn::read(&key, &format!("{token}A"), Timestamp(0)).is_err());
        assert!(SignIn::read(&key, &"x".repeat(5000), Timestamp(0)).is_err());
    }
}
