//! Who acts, and how the log names them.

use events::{Actor, Code, Reason, Refusal, Tenant};
use model::{AgencyId, CollectorId, ContactPointId, LenderId};
use serde::{Deserialize, Serialize};

/// Who asks. Part of the sign-in token: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Principal {
    /// Whoever runs the platform.
    Operator,
    /// A lender's clerk or system.
    Lender(LenderId),
    /// An agency's manager or dialer.
    Agency(AgencyId),
    /// A collector and the agency they work for.
    Collector(CollectorId, AgencyId),
    /// Who watches: one agency, or (`None`) all of them.
    Supervisor(Option<AgencyId>),
    /// The SIP trunk or the message gateway.
    Trunk,
    /// A person who has shown that the number is theirs.
    CalledPerson(ContactPointId),
    /// Nobody we know.
    Anonymous,
}

impl Principal {
    /// The name of the role, for pages and labels.
    pub const fn role(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Lender(_) => "lender",
            Self::Agency(_) => "agency",
            Self::Collector(..) => "collector",
            Self::Supervisor(_) => "supervisor",
            Self::Trunk => "trunk",
            Self::CalledPerson(_) => "called-person",
            Self::Anonymous => "anonymous",
        }
    }

    /// As the log names them. A supervisor acts for their agency, or for the operator; the trunk is the operator's.
    pub const fn actor(&self) -> Actor {
        match *self {
            Self::Lender(lender) => Actor::Lender(lender),
            Self::Agency(agency) | Self::Supervisor(Some(agency)) => Actor::Agency(agency),
            Self::Collector(collector, _) => Actor::Collector(collector),
            Self::CalledPerson(_) | Self::Anonymous => Actor::CalledPerson,
            Self::Operator | Self::Supervisor(None) | Self::Trunk => Actor::Operator,
        }
    }

    /// Whose data they make where nothing else says.
    pub const fn tenant(&self) -> Tenant {
        match *self {
            Self::Lender(lender) => Tenant::Lender(lender),
            Self::Agency(agency) | Self::Supervisor(Some(agency)) | Self::Collector(_, agency) => {
                Tenant::Agency(agency)
            }
            _ => Tenant::Platform,
        }
    }

    /// The agency that they are part of.
    pub const fn agency(&self) -> Option<AgencyId> {
        match *self {
            Self::Agency(agency) | Self::Supervisor(Some(agency)) | Self::Collector(_, agency) => {
                Some(agency)
            }
            _ => None,
        }
    }

    /// Sees every party's data.
    pub const fn sees_all(&self) -> bool {
        matches!(self, Self::Operator | Self::Supervisor(None))
    }

    /// The refusal of something that this principal may not do.
    pub(crate) fn forbidden(&self, expected: &str) -> Refusal {
        Reason::detail(Code::FORBIDDEN, format!("expected {expected}, got {}", self.role())).into()
    }

    /// Only the lender itself and the operator may go on.
    pub(crate) fn lender_only(&self, lender: LenderId) -> Result<(), Refusal> {
        match self {
            Self::Operator => Ok(()),
            Self::Lender(own) if *own == lender => Ok(()),
            Self::Lender(_) => Err(not_found()),
            other => Err(other.forbidden("the lender or the operator")),
        }
    }

    /// Only the operator may go on.
    pub(crate) fn operator_only(&self) -> Result<(), Refusal> {
        if *self == Self::Operator { Ok(()) } else { Err(self.forbidden("the operator")) }
    }
}

/// There is no such thing, or it is another party's: the answer is the same, so that existence does not leak.
pub(crate) fn not_found() -> Refusal {
    Code::NOT_FOUND.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_named_in_the_log_by_what_they_act_for() {
        let agency = AgencyId(3);
        assert_eq!(Principal::Supervisor(Some(agency)).actor(), Actor::Agency(agency));
        assert_eq!(Principal::Collector(CollectorId(9), agency).actor(), Actor::Collector(CollectorId(9)));
        assert_eq!(Principal::Collector(CollectorId(9), agency).tenant(), Tenant::Agency(agency));
        assert_eq!(Principal::Anonymous.actor(), Actor::CalledPerson);
    }

    #[test]
    fn only_the_operator_and_the_supervisor_of_all_see_all() {
        assert!(Principal::Operator.sees_all() && Principal::Supervisor(None).sees_all());
        for other in [Principal::Supervisor(Some(AgencyId(1))), Principal::Trunk, Principal::Anonymous] {
            assert!(!other.sees_all(), "{other:?}");
        }
    }

    #[test]
    fn a_refusal_says_who_was_expected() {
        let refusal = Principal::Trunk.operator_only().expect_err("not the operator");
        assert_eq!(refusal.to_string(), "F0005 forbidden: expected the operator, got trunk");
    }
}
