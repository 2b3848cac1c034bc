//! Signing in: tokens, and codes for the person who is called.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use events::{Code, Reason, Refusal};
use model::{ContactPointId, PhoneNumber};

use super::Platform;
use crate::code_sender::{Delivery, SendError};
use crate::one_time_code;
use crate::pace::{Pace, WhenFull, quota};
use crate::principal::Principal;
use crate::token::SignIn;

/// Contact points whose tries are remembered.
const KEYS_MAX: usize = 100_000;

/// How long a called person stays signed in.
const CALLED_PERSON_MS: i64 = 30 * 60 * 1000;

/// How often codes are sent and tried. Five tries in ten minutes, two codes valid: one in 100,000 to guess right.
pub(super) struct Paces {
    send: Pace<ContactPointId>,
    verify: Pace<ContactPointId>,
    /// Stops and codes by those who are not signed in. A full memory lets them pass: a stop that is refused for load
    /// would be a call too many.
    anonymous: Pace<IpAddr>,
}

impl Default for Paces {
    fn default() -> Self {
        let ten_minutes = Duration::from_secs(600);
        let ten_a_second = quota(10, Duration::from_secs(1));
        Self {
            send: Pace::new(quota(3, ten_minutes), ten_a_second, KEYS_MAX, WhenFull::Refuse),
            verify: Pace::new(quota(5, ten_minutes), ten_a_second, KEYS_MAX, WhenFull::Refuse),
            anonymous: Pace::new(
                quota(30, Duration::from_secs(60)),
                quota(500, Duration::from_secs(1)),
                KEYS_MAX,
                WhenFull::Admit,
            ),
        }
    }
}

impl Platform {
    /// A token for somebody, for `lasts_ms`. For callers that have made sure who it is: the command line on the
    /// operator's machine, and codes.
    pub fn sign_in(&self, principal: Principal, lasts_ms: i64) -> Result<String, Refusal> {
        let expires_at = self.now().plus_ms(lasts_ms);
        SignIn { principal, expires_at }.sign(self.parts.vault.tokens())
    }

    /// Who holds a token.
    pub fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        SignIn::read(self.parts.vault.tokens(), token, self.now()).map(|sign_in| sign_in.principal)
    }

    /// Paces what somebody unknown does from an address; the pages call it before they place a stop or send a code.
    pub fn admit_anonymous(&self, from: IpAddr) -> Result<(), Refusal> {
        self.paces.anonymous.admit(&network(from), self.now())
    }

    /// Sends a code to a number. Whether the number is known here does not show.
    pub async fn send_code(&self, number: &PhoneNumber) -> Result<Delivery, Refusal> {
        let contact = self.parts.vault.pseudonyms().contact_point(number);
        let now = self.now();
        self.paces.send.admit(&contact, now)?;
        let code = one_time_code::code(self.parts.vault.tokens(), contact, now);
        let text =
            format!("【Forbear】验证码 {code}，10 分钟内有效。Your code is {code}, valid for 10 minutes.");
        self.parts.codes.send(number, &text).await.map_err(|error| not_sent(&error))
    }

    /// Checks a code. Right: the person, and a token for half an hour.
    pub fn verify_code(&self, number: &PhoneNumber, code: &str) -> Result<(Principal, String), Refusal> {
        let contact = self.parts.vault.pseudonyms().contact_point(number);
        let now = self.now();
        self.paces.verify.admit(&contact, now)?;
        if !one_time_code::fits(self.parts.vault.tokens(), contact, now, code.trim()) {
            let detail =
                "expected the code that was sent to this number in the last ten minutes, got another";
            return Err(Reason::detail(Code::FORBIDDEN, detail).into());
        }
        let principal = Principal::CalledPerson(contact);
        Ok((principal, self.sign_in(principal, CALLED_PERSON_MS)?))
    }
}

/// One subscriber: an IPv4 address, or an IPv6 network of 64 bits (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

fn not_sent(error: &SendError) -> Refusal {
    tracing::error!(%error, "a one-time code was not sent");
    let detail = match error {
        SendError::NotConfigured => error.to_string(),
        _ => "the code could not be sent; try again later".to_owned(),
    };
    Reason::detail(Code::UNAVAILABLE, detail).into()
}
