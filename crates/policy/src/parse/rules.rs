//! The tables of a pack: one function a kind.

use std::ops::Range;

use model::{Channel, Purpose, Role};
use toml::de::DeValue;

use super::head::{self, NOTE_BYTES_MAX, SOURCE_BYTES_MAX};
use super::table::Table;
use super::{Item, times};
use crate::pack::{
    ConsentTerms, Content, CoolDown, Counted, Effect, Element, Frequency, Fresh, Hours, Interval, Kind,
    Lines, OutOfContact, PurposeRule, Reading, Rule, Shared, Who, Window,
};
use crate::sets::{ChannelSet, Exception, Exceptions, Key, PurposeSet, RoleSet, Scope};
use crate::span::Span;

/// The table that is not a rule.
pub(super) const CONSENT: &str = "consent";

/// Every table.
pub(super) const KINDS: &[&str] = &[
    "frequency",
    "cool-down",
    "interval",
    "hours",
    "purpose",
    "lines",
    "fresh",
    "content",
    "shared",
    CONSENT,
];

const LIMIT_MAX: i64 = 1_000;
const DAYS_MAX: i64 = 36_500;
const WORD_BYTES_MAX: usize = 100;
const LIST_MAX: usize = 400;

/// The id with its place, and the table if nothing is wrong with it.
pub(super) fn read(
    kind: &'static str,
    table: &mut Table<'_, '_, '_>,
) -> (Option<(String, Range<usize>)>, Option<Item>) {
    let id = head::id(table);
    if let Some((id, _)) = &id {
        table.name(id);
    }
    let source = table.text("source", "the clause that it comes from", SOURCE_BYTES_MAX);
    let read = table.word("read", Reading::ALL, Reading::word);
    let note = table.text_if_any("note", "a note", NOTE_BYTES_MAX);
    if kind == CONSENT {
        let terms = consent(table);
        // The clause is for the reader of the text; the terms are the pack's.
        let whole = id.is_some() && source.is_some() && read.is_some() && note.is_some();
        return (id, terms.filter(|_| whole).map(Item::Consent));
    }
    let effect = match table.has("effect") {
        true => table.word("effect", Effect::ALL, Effect::word),
        false => {
            table.take("effect");
            Some(Effect::Refuse)
        }
    };
    let who = who(table, kind);
    let demands = match kind {
        "frequency" => frequency(table),
        "cool-down" => cool_down(table),
        "interval" => interval(table),
        "hours" => hours(table),
        "purpose" => purpose(table),
        "lines" => lines(table),
        "fresh" => fresh(table),
        "content" => content(table),
        _ => shared(table),
    };
    let rule = || {
        Some(Rule {
            id: id.as_ref()?.0.clone(),
            source: source?,
            read: read?,
            note: note?,
            effect: effect?,
            who: who?,
            kind: demands?,
        })
    };
    let rule = rule();
    (id, rule.map(Item::Rule))
}

fn who(table: &mut Table<'_, '_, '_>, kind: &str) -> Option<Who> {
    let roles = set(table, "roles", Role::ALL, Role::word, RoleSet::ALL);
    let channels = match kind {
        // A call or a visit has no text that could be approved, so all channels would be none.
        "content" => table.words("channels", TEXTS, Channel::word).map(|words| words.into_iter().collect()),
        _ => set(table, "channels", Channel::ALL, Channel::word, ChannelSet::ALL),
    };
    let purposes = match kind {
        // `allowed` speaks of purposes.
        "purpose" => Some(PurposeSet::ALL),
        _ => set(table, "purposes", Purpose::ALL, Purpose::word, PurposeSet::ALL),
    };
    Some(Who { roles: roles?, channels: channels?, purposes: purposes? })
}

/// Channels that carry a text.
const TEXTS: &[Channel] = &[Channel::Sms, Channel::Email, Channel::Letter, Channel::App];

fn set<T: Copy + PartialEq, S: FromIterator<T>>(
    table: &mut Table<'_, '_, '_>,
    key: &'static str,
    all: &[T],
    word: fn(T) -> &'static str,
    absent: S,
) -> Option<S> {
    if !table.has(key) {
        table.take(key);
        return Some(absent);
    }
    Some(table.words(key, all, word)?.into_iter().collect())
}

fn frequency(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let count = table.word("count", Counted::ALL, Counted::word);
    let scope = scope(table);
    let limit = table.number("limit", "the most in the window", 1..=LIMIT_MAX);
    let window = window(table);
    let except = except(table, Exception::ALL);
    Some(Kind::Frequency(Frequency {
        count: count?,
        scope: scope?,
        limit: limit?,
        window: window?,
        except: except?,
    }))
}

fn cool_down(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let scope = scope(table);
    let window = window(table);
    // A call is not known to be unconnected before it is made.
    let except = except(table, &[Exception::Consented]);
    Some(Kind::CoolDown(CoolDown { scope: scope?, window: window?, except: except? }))
}

fn interval(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let scope = scope(table);
    let least_ms = table.need("least", times::DURATION).and_then(|value| {
        let least = match value.get_ref() {
            DeValue::String(text) => times::duration_ms(text),
            _ => None,
        };
        if least.is_none() {
            table.wrong(value, "least", times::DURATION.to_owned());
        }
        least
    });
    let except = except(table, Exception::ALL);
    Some(Kind::Interval(Interval { scope: scope?, least_ms: least_ms?, except: except? }))
}

fn hours(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let open = table.need("open", &format!("a list of {}", times::SPAN));
    let open_spans = open.and_then(|_| spans(table, "open"));
    if let (Some(value), Some([])) = (open, open_spans.as_deref()) {
        let expected = "at least one span; what is never allowed is a [[purpose]] rule".to_owned();
        table.wrong(value, "open", expected);
    }
    let mut holidays = Some(Vec::new());
    if let Some(value) = table.take("holidays") {
        holidays = table.elements(value, "holidays", "dates").and_then(|elements| {
            short(table, elements.len(), value, "holidays")?;
            elements.iter().map(|element| table.date_of(element, "holidays")).collect()
        });
    }
    let holiday_open = spans(table, "holiday-open");
    if let (Some([]), Some(value)) = (holidays.as_deref(), table.take("holiday-open")) {
        table.wrong(value, "holiday-open", "nothing where holidays names no day".to_owned());
    }
    let unless_consented = table.flag("unless-consented");
    Some(Kind::Hours(Hours {
        open: open_spans?,
        holidays: holidays?,
        holiday_open: holiday_open?,
        unless_consented: unless_consented?,
    }))
}

fn spans(table: &mut Table<'_, '_, '_>, key: &'static str) -> Option<Vec<Span>> {
    let Some(value) = table.take(key) else { return Some(Vec::new()) };
    let elements = table.elements(value, key, times::SPAN)?;
    short(table, elements.len(), value, key)?;
    let mut spans = Vec::new();
    for element in elements {
        let span = match element.get_ref() {
            DeValue::String(text) => times::span(text),
            _ => None,
        };
        if span.is_none() {
            table.wrong(element, key, times::SPAN.to_owned());
        }
        spans.push(span);
    }
    spans.into_iter().collect()
}

fn purpose(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let expected = "a list of purposes; [] allows none";
    let allowed_at = table.need("allowed", expected);
    let allowed = table.words_if_any("allowed", Purpose::ALL, Purpose::word).flatten();
    let allowed: Option<PurposeSet> = allowed.map(|words| words.into_iter().collect());
    let confirmed = among(table, "confirmed", allowed);
    let out_of_contact = match table.take("debtor-out-of-contact") {
        None => Some(None),
        Some(value) => match value.get_ref() {
            DeValue::Table(entries) => {
                let terms = table.within(entries, value.span(), |inner| {
                    let days = inner.number("days", "consecutive calendar days", 1..=366);
                    let tries = inner.number("tries", "failed attempts on each day", 1..=100);
                    let purposes = inner.words("purposes", Purpose::ALL, Purpose::word);
                    let purposes: Option<PurposeSet> = purposes.map(|words| words.into_iter().collect());
                    Some(OutOfContact { days: days?, tries: tries?, purposes: purposes? })
                });
                if let (Some(terms), Some(allowed)) = (terms, allowed)
                    && !terms.purposes.within(allowed)
                {
                    let expected = "purposes that allowed has too".to_owned();
                    table.report(value.span(), Some("debtor-out-of-contact"), expected, "others".to_owned());
                }
                terms.map(Some)
            }
            _ => {
                let expected = "a table such as { days = 3, tries = 1, purposes = [\"locate\"] }".to_owned();
                table.wrong(value, "debtor-out-of-contact", expected);
                None
            }
        },
    };
    let (allowed, confirmed, debtor_out_of_contact) = (allowed?, confirmed?, out_of_contact?);
    if let Some(value) = allowed_at
        && (allowed, confirmed, debtor_out_of_contact) == (PurposeSet::ALL, PurposeSet::NONE, None)
    {
        let expected =
            "some purposes only, or a condition: a rule that allows all demands nothing".to_owned();
        table.report(value.span(), Some("allowed"), expected, "every purpose".to_owned());
        return None;
    }
    Some(Kind::Purpose(PurposeRule { allowed, confirmed, debtor_out_of_contact }))
}

fn among(
    table: &mut Table<'_, '_, '_>,
    key: &'static str,
    allowed: Option<PurposeSet>,
) -> Option<PurposeSet> {
    let chosen: PurposeSet = set(table, key, Purpose::ALL, Purpose::word, PurposeSet::NONE)?;
    if let (Some(allowed), Some(value)) = (allowed, table.take(key))
        && !chosen.within(allowed)
    {
        table.report(
            value.span(),
            Some(key),
            "purposes that allowed has too".to_owned(),
            "others".to_owned(),
        );
    }
    Some(chosen)
}

fn lines(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let registered = table.flag("registered");
    if !table.has("most") {
        for key in ["most", "window", "scope"] {
            if let Some(value) = table.take(key) {
                table.wrong(value, key, "nothing where most is absent".to_owned());
            }
        }
        if registered == Some(false) {
            table.whole("registered = true, or most with window and scope", "a rule that demands nothing");
        }
        let (window, scope) = (Window::Ever, Scope::NONE);
        return Some(Kind::Lines(Lines { registered: registered?, most: None, window, scope }));
    }
    let most = table.number("most", "the most different numbers", 1..=LIMIT_MAX);
    let window = window(table);
    let scope = scope(table);
    Some(Kind::Lines(Lines { registered: registered?, most: Some(most?), window: window?, scope: scope? }))
}

fn fresh(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    #[derive(Clone, Copy, PartialEq)]
    enum By {
        Message,
        Consent,
        Check,
    }
    let within_days = table.number("within-days", "days of 24 hours", 1..=DAYS_MAX);
    let by = table.words("by", &[By::Message, By::Consent, By::Check], |by| match by {
        By::Message => "message",
        By::Consent => "consent",
        By::Check => "check",
    });
    let at_work = table.flag("at-work");
    let by = by?;
    Some(Kind::Fresh(Fresh {
        within_days: within_days?,
        by_message: by.contains(&By::Message),
        by_consent: by.contains(&By::Consent),
        by_check: by.contains(&By::Check),
        at_work: at_work?,
    }))
}

fn content(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let template = table.flag("template");
    let require = match table.has("require") {
        true => table.words("require", Element::ALL, Element::word),
        false => {
            table.take("require");
            Some(Vec::new())
        }
    };
    let mut forbid = Some(Vec::new());
    if let Some(value) = table.take("forbid") {
        forbid = table.elements(value, "forbid", "words").and_then(|elements| {
            short(table, elements.len(), value, "forbid")?;
            elements
                .iter()
                .map(|element| table.text_of(element, "forbid", "a word", WORD_BYTES_MAX))
                .collect()
        });
    }
    let (template, require, forbid) = (template?, require?, forbid?);
    if !template && require.is_empty() && forbid.is_empty() {
        table.whole("template = true, require or forbid", "a rule that demands nothing");
    }
    Some(Kind::Content(Content { template, require, forbid }))
}

fn shared(table: &mut Table<'_, '_, '_>) -> Option<Kind> {
    let most = table.number("most", "the most unrelated borrowers", 0..=LIMIT_MAX);
    Some(Kind::Shared(Shared { most: most? }))
}

fn consent(table: &mut Table<'_, '_, '_>) -> Option<ConsentTerms> {
    let at_most_days = match table.has("at-most-days") {
        true => table.number("at-most-days", "calendar days, the first included", 1..=366).map(Some),
        false => {
            table.take("at-most-days");
            Some(None)
        }
    };
    let ends_with_conversation = table.flag("ends-with-conversation");
    let terms = ConsentTerms { at_most_days: at_most_days?, ends_with_conversation: ends_with_conversation? };
    if terms.at_most_days.is_none() && !terms.ends_with_conversation {
        table.whole("at-most-days, or ends-with-conversation = true", "terms that end no consent");
    }
    Some(terms)
}

fn scope(table: &mut Table<'_, '_, '_>) -> Option<Scope> {
    let words = table.words("scope", Key::ALL, Key::word)?;
    let scope: Scope = words.into_iter().collect();
    let somebody = [Key::ContactPoint, Key::Person, Key::Case].into_iter().collect();
    if !scope.meets(somebody)
        && let Some(value) = table.take("scope")
    {
        let expected = "contact-point, person or case among them: without one, strangers share one count";
        let words: Vec<&str> = scope.words().map(Key::word).collect();
        table.report(value.span(), Some("scope"), expected.to_owned(), words.join(", "));
        return None;
    }
    Some(scope)
}

fn window(table: &mut Table<'_, '_, '_>) -> Option<Window> {
    let value = table.need("window", times::WINDOW)?;
    let window = match value.get_ref() {
        DeValue::String(text) => times::window(text),
        _ => None,
    };
    if window.is_none() {
        table.wrong(value, "window", times::WINDOW.to_owned());
    }
    window
}

fn except(table: &mut Table<'_, '_, '_>, all: &[Exception]) -> Option<Exceptions> {
    set(table, "except", all, Exception::word, Exceptions::NONE)
}

/// A list that is not too long.
fn short(
    table: &mut Table<'_, '_, '_>,
    length: usize,
    value: &super::table::Value<'_>,
    key: &str,
) -> Option<()> {
    if length > LIST_MAX {
        let expected = format!("at most {LIST_MAX} elements");
        table.report(value.span(), Some(key), expected, length.to_string());
        return None;
    }
    Some(())
}
