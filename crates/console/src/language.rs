//! Chinese or English: as asked for, as chosen before, or as the browser prefers.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use crate::cookies;

/// The cookie that keeps the choice.
pub(crate) const COOKIE: &str = "forbear-language";

/// What a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
}

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    chinese: &'static str,
    english: &'static str,
}

/// A text in both languages.
pub(crate) const fn text(chinese: &'static str, english: &'static str) -> Text {
    Text { chinese, english }
}

impl Text {
    pub(crate) const fn of(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.chinese,
            Language::English => self.english,
        }
    }
}

impl Language {
    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-Hans",
            Self::English => "en",
        }
    }

    /// Its word in `?lang=`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    /// The other one, and its name for itself.
    pub(crate) const fn other(self) -> (Self, &'static str) {
        match self {
            Self::Chinese => (Self::English, "English"),
            Self::English => (Self::Chinese, "中文"),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// What `?lang=` asks for.
    pub(crate) fn asked(query: Option<&str>) -> Option<Self> {
        let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == "lang").find_map(|(_, word)| Self::from_word(word))
    }

    /// What was chosen before, or what the browser prefers; English otherwise.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        cookies::find(headers, COOKIE)
            .and_then(Self::from_word)
            .or_else(|| accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?))
            .unwrap_or(Self::English)
    }
}

/// The first of the languages with the highest weight that is one of ours (RFC 9110, 12.5.4).
fn accepted(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some(language) = parts.next().and_then(Language::from_word) else { continue };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        let weight = weight.unwrap_or(0.0);
        if weight > 0.0 && best.is_none_or(|(highest, _)| weight > highest) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_preference_is_read_by_weight() {
        assert_eq!(accepted("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(accepted("fr, en;q=0.5, zh;q=0.7"), Some(Language::Chinese));
        assert_eq!(accepted("en-GB"), Some(Language::English));
        assert_eq!(accepted("zh;q=0, de"), None);
        assert_eq!(accepted(";;q=,"), None);
    }

    #[test]
    fn what_is_asked_for_is_found_among_other_parameters() {
        assert_eq!(Language::asked(Some("pause=1&lang=zh")), Some(Language::Chinese));
        assert_eq!(Language::asked(Some("lang=klingon")), None);
        assert_eq!(Language::asked(None), None);
    }
}
