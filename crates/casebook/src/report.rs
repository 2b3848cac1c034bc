//! What a case comes to: an answer to each question, with the rules and what they counted. The same structure is
//! printed for people and serialised for programs.

use serde::Serialize;

use crate::clock::Instant;

/// The answers of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The rule packs that it was judged by.
    pub packs: Vec<PackUsed>,
    /// In the order of the questions.
    pub answers: Vec<Answer>,
    /// What has no effect on the gate, or was not taken by it, in the order of the lines.
    pub notes: Vec<Note>,
}

/// A rule pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackUsed {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// What it is.
    pub title: String,
}

/// Something about one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// Of the case file, from 1.
    pub line: usize,
    /// What.
    pub text: String,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Of the case file, from 1.
    pub line: usize,
    /// As written.
    pub question: String,
    /// In one word.
    pub verdict: Verdict,
    /// When it was asked for; none for questions about the past as a whole.
    pub at: Option<Instant>,
    /// What counted, where the question is how many.
    pub counted: Option<u64>,
    /// When it would next be allowed, if nothing else happens: none if now, or not by the passing of time.
    pub next_allowed: Option<Instant>,
    /// Every rule that refuses, flags, is excepted from, or limits.
    pub rules: Vec<RuleSays>,
    /// The contacts that the question is about, each with what the rules said of it.
    pub contacts: Vec<ContactSays>,
    /// Circumstances that a court would weigh; the gate does not decide on them.
    pub factors: Vec<Note>,
    /// What the author expected, and what came.
    pub expectations: Vec<Met>,
}

/// An answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// Refused: of several contacts at least one.
    Refused,
    /// A number; of a call, that it counts.
    Counted,
    /// Of a call: it does not count; it was none to that person, or it is excluded.
    NotCounted,
    /// No telephone call frequency is exceeded.
    PresumedCompliant,
    /// One is.
    PresumedViolation,
    /// The question is about contacts that the case does not have.
    NothingToJudge,
}

impl Verdict {
    /// The word in print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Counted => "counted",
            Self::NotCounted => "not counted",
            Self::PresumedCompliant => "presumed compliant",
            Self::PresumedViolation => "presumed violation",
            Self::NothingToJudge => "nothing to judge",
        }
    }
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSays {
    /// `pack/rule`; the gate's own begin with `gate/`.
    pub rule: String,
    /// What it says.
    pub says: Says,
    /// The number of the refusal, such as `F0316`.
    pub code: String,
    /// The refusal in a word, such as `held`.
    pub word: String,
    /// The most, where it has a limit.
    pub limit: Option<u32>,
    /// What was counted, the contact asked for not included.
    pub counted: Option<u32>,
    /// Where in the case file that stands; a line that repeats is there as often as it was counted.
    pub lines: Vec<usize>,
    /// The clause of the law, or the need, that it comes from.
    pub source: Option<String>,
    /// When this rule alone would next allow it.
    pub next_allowed: Option<Instant>,
    /// What was expected and what came.
    pub detail: Option<String>,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// Refuses.
    Refuses,
    /// Does not hold and is not there to refuse.
    Flags,
    /// An exception of it applies: consent, as a rule.
    Excepted,
    /// Has a limit that leaves room.
    Allows,
}

/// A contact that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactSays {
    /// Of the case file, from 1.
    pub line: usize,
    /// When.
    pub at: Instant,
    /// Allowed or refused; compliant or violation.
    pub verdict: Verdict,
    /// Every rule that refuses, flags or is excepted from.
    pub rules: Vec<RuleSays>,
}

/// An expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Met {
    /// Of the case file, from 1.
    pub line: usize,
    /// As written.
    pub expected: String,
    /// It came so.
    pub met: bool,
    /// What came.
    pub got: String,
}

impl Report {
    /// Every expectation is met.
    pub fn passed(&self) -> bool {
        self.answers.iter().all(|answer| answer.expectations.iter().all(|met| met.met))
    }

    /// How many expectations there are, and how many are met.
    pub fn score(&self) -> (usize, usize) {
        let mut all = self.answers.iter().flat_map(|answer| &answer.expectations);
        all.by_ref().fold((0, 0), |(count, met), one| (count + 1, met + usize::from(one.met)))
    }
}
