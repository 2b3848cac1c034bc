//! Permit tokens: what the trunk redeems. Single use is the gate's doing; the token only says which permit.

use events::{Code, Position, Refusal};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Timestamp};
use serde::{Deserialize, Serialize};
use vault::TokenKey;

const KIND: &str = "permit1";

/// What a permit token says. Part of the token: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitToken {
    /// Whom it is for.
    pub contact: ContactPointId,
    /// The permit: where its reservation stands.
    pub permit: Position,
    /// The last moment at which it may be redeemed. The gate decides; a trunk may look before it asks.
    pub expires_at: Timestamp,
    /// About which case.
    pub case: CaseId,
    /// To whom it was given.
    pub agency: AgencyId,
    /// Their collector.
    pub collector: CollectorId,
    /// How.
    pub channel: Channel,
}

impl PermitToken {
    /// The token.
    pub fn sign(&self, key: &TokenKey) -> Result<String, Refusal> {
        super::sign(key, KIND, self)
    }

    /// Reads a token, expired or not: an outcome may be reported long after.
    pub fn read(key: &TokenKey, token: &str) -> Result<Self, Refusal> {
        super::read(key, KIND, token.trim()).ok_or_else(|| {
            super::refused(Code::PERMIT_UNKNOWN, "expected a permit of this platform, got another text")
        })
    }
}

#[cfg(test)]
mod tests {
    use vault::MasterKey;

    use super::*;
    use crate::principal::Principal;
    use crate::token::SignIn;

    #[test]
    fn a_permit_reads_back_and_a_sign_in_is_no_permit() {
        let key = MasterKey::generate().expect("random").tokens();
        let permit = PermitToken {
            contact: ContactPointId([1; 16]),
            permit: Position(9),
            expires_at: Timestamp(5),
            case: CaseId([2; 16]),
            agency: AgencyId(3),
            collector: CollectorId(4),
            channel: Channel::Call,
        };
        let token = permit.sign(&key).expect("signed");
        assert_eq!(PermitToken::read(&key, &token), Ok(permit));
        let sign_in = SignIn { principal: Principal::Operator, expires_at: Timestamp(5) };
        let relabelled = sign_in.sign(&key).expect("signed").replace("forbear1", "permit1");
        assert!(PermitToken::read(&key, &relabelled).is_err());
    }
}
