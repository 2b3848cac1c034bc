//! Who this process is to the NATS servers: a user with a password, or a token. Credentials with keys (`.creds`) would
//! need a second generation of cryptography crates, which async-nats' `nkeys` feature brings.

use std::fmt;

use async_nats::{ConnectOptions, ServerAddr};

/// A user with a password, or a token.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A user.
    User {
        /// Their name.
        name: String,
        /// Their password.
        password: String,
    },
    /// Whoever has this.
    Token(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User { .. } => "Login::User(..)",
            Self::Token(_) => "Login::Token(..)",
        })
    }
}

impl Login {
    /// From `user:password`, or from a token, which has no colon. `None`: there is neither.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().split_once(':') {
            Some((name, password)) if !name.is_empty() && !password.is_empty() => {
                Some(Self::User { name: name.to_owned(), password: password.to_owned() })
            }
            Some(_) => None,
            None => {
                Some(text.trim()).filter(|token| !token.is_empty()).map(|token| Self::Token(token.to_owned()))
            }
        }
    }

    /// From an address: `nats://user:password@host`, or `nats://token@host`. async-nats reads neither.
    pub(super) fn of(server: &ServerAddr) -> Option<Self> {
        let name = decoded(server.username()?);
        Some(match server.password() {
            Some(password) => Self::User { name, password: decoded(password) },
            None => Self::Token(name),
        })
    }

    pub(super) fn apply(self, options: ConnectOptions) -> ConnectOptions {
        match self {
            Self::User { name, password } => options.user_and_password(name, password),
            Self::Token(token) => options.token(token),
        }
    }
}

/// Undoes the percent-encoding of an address (RFC 3986, 2.1). What is none stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, password: &str) -> Login {
        Login::User { name: name.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn given_a_line_then_it_is_a_user_or_a_token() {
        assert_eq!(Login::parse("me:pass:word\n"), Some(user("me", "pass:word")));
        assert_eq!(Login::parse("  t0ken\n"), Some(Login::Token("t0ken".to_owned())));
        for neither in ["", "\n", ":", "me:", ":password"] {
            assert_eq!(Login::parse(neither), None, "{neither:?}");
        }
    }

    #[test]
    fn given_an_address_then_its_login_is_decoded_and_never_shown() {
        let of = |url: &str| Login::of(&url.parse().expect("an address"));
        assert_eq!(of("nats://me:p%40ss%2Fw%C3%A9@host:4222"), Some(user("me", "p@ss/wé")));
        assert_eq!(of("tls://t0ken@host"), Some(Login::Token("t0ken".to_owned())));
        assert_eq!(of("nats://host:4222"), None);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        let shown = format!("{:?} {:?}", user("me", "s3cret"), Login::Token("s3cret".to_owned()));
        assert!(!shown.contains("s3cret") && !shown.contains("me"), "{shown}");
    }
}
