//! A case file as lines of words. Punctuation at the end of a word, articles and comments carry no meaning.

use crate::error::{Problem, nearest};

/// One word.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub text: String,
    /// In characters, from 1.
    pub column: usize,
    /// It stood between quotation marks.
    pub quoted: bool,
    /// A comma followed.
    pub comma: bool,
}

/// One line that says something.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// From 1.
    pub number: usize,
    pub words: Vec<Word>,
    /// As written, without its comment.
    pub text: String,
}

/// Every line that says something.
pub(crate) fn lines(text: &str, problems: &mut Vec<Problem>) -> Vec<Line> {
    let mut found = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let number = index + 1;
        let (words, said) = words(raw.trim_start_matches('\u{feff}'), number, problems);
        if !words.is_empty() {
            found.push(Line { number, words, text: said.trim().to_owned() });
        }
    }
    found
}

fn words(raw: &str, line: usize, problems: &mut Vec<Problem>) -> (Vec<Word>, String) {
    let letters: Vec<char> = raw.chars().collect();
    let (mut words, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let start = at;
        match letters[at] {
            letter if letter.is_whitespace() => at += 1,
            '#' => break,
            '"' | '“' | '”' => {
                let length = letters[at + 1..].iter().position(|letter| matches!(letter, '"' | '“' | '”'));
                let Some(length) = length else {
                    let (expected, got) = ("closing quotation mark".to_owned(), "end of line".to_owned());
                    problems.push(Problem { line, column: start + 1, expected, got, suggestion: None });
                    break;
                };
                let text = letters[at + 1..at + 1 + length].iter().collect();
                words.push(Word { text, column: start + 1, quoted: true, comma: false });
                at += length + 2;
                while at < letters.len() && !letters[at].is_whitespace() {
                    at += 1;
                }
            }
            _ => {
                while at < letters.len() && !letters[at].is_whitespace() {
                    at += 1;
                }
                word(&letters[start..at], start + 1, &mut words);
            }
        }
    }
    spelt_out_dates(&mut words);
    one_agency(&mut words);
    (words, letters[..at].iter().collect())
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `April 7, 2026` and `7 April 2026` are `2026-04-07`.
fn spelt_out_dates(words: &mut Vec<Word>) {
    let month = |word: &Word| {
        let text = word.text.to_lowercase();
        let named = |month: &str| text.len() >= 3 && month.starts_with(text.as_str());
        Some(MONTHS.iter().position(|month| named(month))? + 1)
    };
    let day = |word: &Word| {
        let text = ["st", "nd", "rd", "th"].iter().find_map(|end| word.text.strip_suffix(end));
        text.unwrap_or(&word.text).parse::<u8>().ok().filter(|day| (1..=31).contains(day))
    };
    let year = |word: &Word| word.text.parse::<u16>().ok().filter(|year| (1900..2200).contains(year));
    let mut at = 0;
    while at + 3 <= words.len() {
        let [first, second, third] = &words[at..at + 3] else { return };
        let said = month(first).zip(day(second)).or_else(|| month(second).zip(day(first)));
        if let Some(((month, day), year)) = said.zip(year(third)).filter(|_| !first.quoted) {
            let (column, comma) = (first.column, third.comma);
            let text = format!("{year}-{month:02}-{day:02}");
            words.splice(at..at + 3, [Word { text, column, quoted: false, comma }]);
        }
        at += 1;
    }
}

/// The regulation's own word for an agency: `debt collector` is `collector`.
fn one_agency(words: &mut Vec<Word>) {
    let is = |word: &Word, text: &str| !word.quoted && word.text.eq_ignore_ascii_case(text);
    let mut at = 0;
    while at + 1 < words.len() {
        if is(&words[at], "debt") && is(&words[at + 1], "collector") {
            words.remove(at);
        }
        at += 1;
    }
}

/// Without the punctuation around it; a possessive becomes two words.
fn word(letters: &[char], column: usize, words: &mut Vec<Word>) {
    let whole: String = letters.iter().collect();
    let opened = whole.trim_start_matches(['(', '[']);
    let column = column + whole.chars().count() - opened.chars().count();
    let text = opened.trim_end_matches(['.', ',', ';', ':', '?', '!', ')', ']']);
    let comma = opened[text.len()..].contains(',');
    if text.is_empty() || matches!(text, "the" | "The" | "a" | "an" | "An" | "-" | "–") {
        if let Some(last) = words.last_mut() {
            last.comma |= comma;
        }
        return;
    }
    let owner = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).filter(|owner| !owner.is_empty());
    match owner {
        Some(owner) => {
            words.push(Word { text: owner.to_owned(), column, quoted: false, comma: false });
            let column = column + owner.chars().count();
            words.push(Word { text: "'s".to_owned(), column, quoted: false, comma });
        }
        None => words.push(Word { text: text.to_owned(), column, quoted: false, comma }),
    }
}

/// Reads the words of one line, one after the other.
pub(crate) struct Cursor<'a> {
    line: &'a Line,
    next: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(line: &'a Line) -> Self {
        Self { line, next: 0 }
    }

    pub fn number(&self) -> usize {
        self.line.number
    }

    pub fn place(&self) -> usize {
        self.next
    }

    pub fn back_to(&mut self, place: usize) {
        self.next = place;
    }

    /// The words taken since a place.
    pub fn said_since(&self, place: usize) -> String {
        let words: Vec<&str> =
            self.line.words[place..self.next].iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }

    pub fn peek(&self) -> Option<&'a Word> {
        self.line.words.get(self.next)
    }

    /// The word after the next one.
    pub fn peek_second(&self) -> Option<&'a Word> {
        self.line.words.get(self.next + 1)
    }

    pub fn take(&mut self) -> Option<&'a Word> {
        let word = self.line.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    pub fn done(&self) -> bool {
        self.next >= self.line.words.len()
    }

    /// The last word taken was followed by a comma.
    pub fn after_comma(&self) -> bool {
        self.next > 0 && self.line.words[self.next - 1].comma
    }

    pub fn sees(&self, phrase: &str) -> bool {
        self.length(phrase).is_some()
    }

    /// Takes these words if they come next.
    pub fn eat(&mut self, phrase: &str) -> bool {
        let length = self.length(phrase);
        self.next += length.unwrap_or(0);
        length.is_some()
    }

    /// Takes the first of these phrases that comes next.
    pub fn eat_any(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.eat(phrase))
    }

    /// Takes the longest phrase of a table that comes next.
    pub fn choose<T: Copy>(&mut self, table: &[(&str, T)]) -> Option<T> {
        let fitting = table.iter().filter_map(|(phrase, value)| Some((self.length(phrase)?, *value)));
        let (length, value) = fitting.max_by_key(|(length, _)| *length)?;
        self.next += length;
        Some(value)
    }

    fn length(&self, phrase: &str) -> Option<usize> {
        let mut length = 0;
        for wanted in phrase.split(' ') {
            let word = self.line.words.get(self.next + length)?;
            if word.quoted || word.text.to_lowercase() != wanted {
                return None;
            }
            length += 1;
        }
        Some(length)
    }

    /// What is wrong with the next word.
    pub fn problem(&self, expected: impl Into<String>) -> Problem {
        self.problem_among(expected, &[])
    }

    /// What is wrong with the next word, and which of these may have been meant.
    pub fn problem_among(&self, expected: impl Into<String>, among: &[&str]) -> Problem {
        let (column, got, suggestion) = match self.peek() {
            Some(word) => {
                // A phrase may be meant.
                let two = self.peek_second().map(|next| format!("{} {}", word.text, next.text));
                let near = |text: &str| nearest(text, among.iter().copied());
                let suggestion = two.as_deref().and_then(near).or_else(|| near(&word.text));
                (word.column, format!("\"{}\"", word.text), suggestion)
            }
            None => (self.line.text.chars().count() + 1, "the end of the line".to_owned(), None),
        };
        Problem { line: self.line.number, column, expected: expected.into(), got, suggestion }
    }

    /// Takes these words, or says that they are missing.
    pub fn expect(&mut self, phrase: &str) -> Result<(), Problem> {
        if self.eat(phrase) { Ok(()) } else { Err(self.problem_among(format!("\"{phrase}\""), &[phrase])) }
    }

    /// Nothing may follow.
    pub fn end(&self, expected: &str) -> Result<(), Problem> {
        if self.done() { Ok(()) } else { Err(self.problem(expected)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let lines = lines(text, &mut problems);
        assert_eq!(problems, []);
        lines.into_iter().flat_map(|line| line.words).map(|word| word.text).collect()
    }

    #[test]
    fn given_punctuation_articles_and_comments_when_read_then_words_are_left() {
        assert_eq!(
            read("The collector calls Alice: no answer.  # why"),
            ["collector", "calls", "Alice", "no", "answer"]
        );
        assert_eq!(read("Alice's phone, at 8:00 a.m."), ["Alice", "'s", "phone", "at", "8:00", "a.m"]);
        assert_eq!(read("\n# only a comment\n"), [""; 0]);
    }

    #[test]
    fn given_dates_and_collectors_as_the_regulation_writes_them_when_read_then_they_are_ours() {
        assert_eq!(read("on Tue April 7, 2026 at"), ["on", "Tue", "2026-04-07", "at"]);
        assert_eq!(
            read("on 7 Apr. 2026, the debt collector calls"),
            ["on", "2026-04-07", "collector", "calls"]
        );
        assert_eq!(read("April 7th, 2026 or May 7"), ["2026-04-07", "or", "May", "7"]);
    }

    #[test]
    fn given_an_open_quotation_when_read_then_its_column_is_named() {
        let mut problems = Vec::new();
        lines("Alice says \"stop", &mut problems);
        assert_eq!((problems[0].line, problems[0].column), (1, 12));
    }
}
