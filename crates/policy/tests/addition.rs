//! What a lender or an agency may add.

use model::{AgencyId, LenderId, Purpose};
use policy::pack::{
    Applies, ConsentTerms, Content, CoolDown, Counted, Effect, Element, Frequency, Fresh, Hours, Interval,
    Kind, Lines, OutOfContact, Owner, PurposeRule, Reading, Rule, Shared, Who, Window,
};
use policy::sets::{ChannelSet, DaySet, Exception, Exceptions, Key, PurposeSet, RoleSet, Scope};
use policy::span::Span;
use policy::{Loosening, Pack, Weaker, check_addition, packs, parse};
use proptest::prelude::*;

fn addition(applies: &str, tables: &str) -> Pack {
    let text = format!(
        "schema = 1\nid = \"own\"\nversion = 1\ntitle = \"Our own\"\neffective = 2026-01-30\n\
         applies = {applies}\nowner = \"lender-3\"\n{tables}"
    );
    parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A frequency rule with these keys.
fn cap(keys: &str) -> String {
    format!(
        "[[frequency]]\nid = \"cap\"\nsource = \"our promise\"\nread = \"primary\"\ncount = \"attempts\"\n{keys}\n"
    )
}

fn check(pack: &Pack) -> Result<(), Vec<Loosening>> {
    let packs = packs().expect("packs");
    check_addition(pack, &packs.iter().collect::<Vec<_>>())
}

#[track_caller]
fn refused(pack: &Pack) -> Vec<Weaker> {
    let loosenings = check(pack).expect_err("a weaker rule");
    let weaker = loosenings.into_iter().map(|one| match one {
        Loosening::Rule(weaker) => weaker,
        other => panic!("{other}"),
    });
    weaker.collect()
}

#[track_caller]
fn base_rules(pack: &Pack) -> Vec<String> {
    refused(pack).into_iter().map(|weaker| weaker.base).collect()
}

#[test]
fn given_a_lower_cap_when_added_then_it_is_taken() {
    let pack = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 5\nwindow = \"1 day\""));
    assert_eq!(check(&pack), Ok(()));
}

#[test]
fn given_a_higher_cap_when_added_then_the_rule_that_holds_both_values_and_the_clause_are_named() {
    let pack = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 10\nwindow = \"1 day\""));
    let weaker = refused(&pack);
    let text = Loosening::Rule(weaker[0].clone()).to_string();
    assert_eq!(
        text,
        "own/cap: limit: expected 6 or stricter as cn/six-a-day has it, got 10 (source: CBA guideline of 2026-01-30: \
         unanswered calls to the same contact method on one day 不宜超过6次); an addition only tightens: make it \
         stricter or leave it out"
    );
}

#[test]
fn given_a_higher_cap_everywhere_when_added_then_every_place_where_it_is_weaker_is_named() {
    let pack =
        addition("\"everywhere\"", &cap("scope = [\"contact-point\"]\nlimit = 10\nwindow = \"1 day\""));
    let rules = base_rules(&pack);
    assert!(
        rules.contains(&"cn/six-a-day".to_owned()) && rules.contains(&"strict/day-cap".to_owned()),
        "{rules:?}"
    );
}

#[test]
fn given_a_cap_that_tightens_in_one_place_when_added_everywhere_then_it_is_taken() {
    // 5 is less than China's 6, and more than the 3 of the places that we know nothing of.
    let pack = addition("\"everywhere\"", &cap("scope = [\"contact-point\"]\nlimit = 5\nwindow = \"1 day\""));
    assert_eq!(check(&pack), Ok(()));
    let elsewhere = addition("[\"AU\"]", &cap("scope = [\"contact-point\"]\nlimit = 5\nwindow = \"1 day\""));
    assert_eq!(base_rules(&elsewhere), ["strict/day-cap"]);
}

#[test]
fn given_a_weaker_term_of_each_sort_when_added_then_it_is_refused() {
    let calls = "channels = [\"call\"]\n";
    for (what, keys) in [
        ("limit", "scope = [\"person\", \"debt\", \"agency\"]\nlimit = 8\nwindow = \"7 days\""),
        ("window", "scope = [\"person\", \"debt\", \"agency\"]\nlimit = 7\nwindow = \"6 days\""),
        ("window", "scope = [\"person\", \"debt\", \"agency\"]\nlimit = 7\nwindow = \"week\""),
        ("scope", "scope = [\"person\", \"debt\", \"agency\", \"lender\"]\nlimit = 7\nwindow = \"7 days\""),
    ] {
        let keys = format!("{calls}{keys}\nexcept = [\"unconnected\", \"consented\"]");
        let consent = "[[consent]]\nid = \"consent\"\nsource = \"s\"\nread = \"primary\"\nat-most-days = 7\n\
                       ends-with-conversation = true\n";
        let weaker = refused(&addition("[\"US\"]", &format!("{}{consent}", cap(&keys))));
        assert_eq!(weaker[0].base, "us-reg-f/seven-in-seven", "{keys}");
        assert_eq!(weaker[0].fields[0].field, what, "{keys}");
    }
}

#[test]
fn given_longer_lasting_consents_when_added_then_the_terms_are_named() {
    let keys = "channels = [\"call\"]\nscope = [\"person\", \"debt\", \"agency\"]\nlimit = 7\nwindow = \"7 days\"\n\
                except = [\"unconnected\", \"consented\"]";
    let weaker = refused(&addition("[\"US\"]", &cap(keys)));
    let fields: Vec<&str> = weaker[0].fields.iter().map(|field| field.field).collect();
    assert_eq!(fields, ["consent at-most-days", "consent ends-with-conversation"]);
}

#[test]
fn given_wider_hours_when_added_then_they_are_refused_and_narrower_ones_are_not() {
    let hours = |open: &str| {
        let table = "[[hours]]\nid = \"open\"\nsource = \"our promise\"\nread = \"primary\"\n";
        addition("[\"IN\"]", &format!("{table}channels = [\"call\"]\nopen = [{open}]\n"))
    };
    assert_eq!(base_rules(&hours("\"daily 08:00-20:00\"")), ["in/hours"]);
    assert_eq!(check(&hours("\"mon-fri 09:00-17:00\"")), Ok(()));
    assert_eq!(check(&hours("\"mon-fri 07:00-17:00\"")), Ok(()), "wider in the morning, narrower otherwise");
}

#[test]
fn given_a_flag_where_the_law_refuses_when_added_then_it_is_refused_and_an_early_warning_is_not() {
    let at = |limit| {
        let keys =
            "effect = \"flag\"\nroles = [\"debtor\"]\nchannels = [\"call\"]\nscope = [\"contact-point\"]";
        addition("[\"CN\"]", &cap(&format!("{keys}\nlimit = {limit}\nwindow = \"1 day\"")))
    };
    let weaker = refused(&at(6));
    assert_eq!((weaker[0].base.as_str(), weaker[0].fields[0].field), ("cn/six-a-day", "effect"));
    assert_eq!(check(&at(4)), Ok(()));
}

#[test]
fn given_more_purposes_for_a_third_person_when_added_then_they_are_refused() {
    let third = |allowed: &str| {
        let table = "[[purpose]]\nid = \"third\"\nsource = \"our promise\"\nread = \"primary\"\n";
        addition("[\"CN\"]", &format!("{table}roles = [\"emergency-contact\"]\nallowed = [{allowed}]\n"))
    };
    let rules =
        base_rules(&third("\"collect\", \"locate\", \"consent-notice\", \"reply\", \"stop-receipt\""));
    assert_eq!(rules, ["platform/not-owing", "cn/third-person"]);
    assert_eq!(check(&third("\"consent-notice\", \"reply\", \"stop-receipt\"")), Ok(()));
}

#[test]
fn given_a_rule_for_replies_when_added_then_it_stands_where_the_law_has_no_cap() {
    let at = |purposes: &str| {
        let keys = format!("purposes = [{purposes}]\nscope = [\"person\"]\nlimit = 9\nwindow = \"1 day\"");
        check(&addition("[\"GB\"]", &cap(&keys)))
    };
    assert_eq!(at("\"stop-receipt\""), Ok(()));
    assert!(at("\"stop-receipt\", \"collect\"").is_err());
}

#[test]
fn given_a_rule_where_none_stands_when_added_then_it_is_taken() {
    let keys = "channels = [\"letter\"]\nscope = [\"case\"]\nlimit = 900\nwindow = \"1 day\"";
    assert_eq!(check(&addition("[\"CN\"]", &cap(keys))), Ok(()));
}

#[test]
fn given_the_id_of_a_pack_of_the_platform_when_added_then_it_is_refused() {
    let mut pack = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 2\nwindow = \"1 day\""));
    pack.id = "cn".to_owned();
    let taken = Loosening::PackId { id: "cn".to_owned(), owner: Owner::Platform };
    assert_eq!(check(&pack), Err(vec![taken]));
    pack.id = "own".to_owned();
    pack.owner = Owner::Platform;
    assert_eq!(check(&pack), Err(vec![Loosening::Owner]));
}

#[test]
fn given_a_new_version_of_ones_own_pack_when_added_then_the_old_one_does_not_hold_it_back() {
    let old = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 2\nwindow = \"1 day\""));
    let new = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 4\nwindow = \"1 day\""));
    assert_eq!(check_addition(&new, &[&old]), Ok(()));
}

#[test]
fn given_an_agencys_pack_when_the_lenders_is_stricter_then_it_is_refused() {
    let lender = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 2\nwindow = \"1 day\""));
    let mut agency = addition("[\"CN\"]", &cap("scope = [\"contact-point\"]\nlimit = 4\nwindow = \"1 day\""));
    (agency.id, agency.owner) = ("ours".to_owned(), Owner::Agency(AgencyId(7)));
    assert!(check_addition(&agency, &[&lender]).is_err());
    let cn = parse(policy::text("cn").expect("cn")).expect("a pack");
    assert_eq!(check_addition(&agency, &[&cn]), Ok(()));
    assert!(
        check_addition(&agency, &[&cn, &lender]).is_err(),
        "stricter than the one, weaker than the other"
    );
}

#[test]
fn given_a_copy_of_a_pack_when_added_to_it_then_it_is_taken() {
    for original in packs().expect("packs") {
        let mut pack = original.clone();
        pack.id = format!("{}-again", pack.id);
        pack.owner = Owner::Lender(LenderId(3));
        assert_eq!(check_addition(&pack, &[&original]), Ok(()), "{}", pack.id);
    }
}

fn pack_of(owner: Owner, rules: Vec<Rule>, consents: Vec<ConsentTerms>) -> Pack {
    let date = jiff::civil::date(2026, 1, 30);
    Pack {
        id: owner.to_string(),
        version: 1,
        title: "t".to_owned(),
        effective: date,
        until: None,
        applies: Applies::Everywhere,
        owner,
        note: None,
        rules,
        consents,
    }
}

fn rule_of(id: &str, kind: Kind, effect: Effect) -> Rule {
    let who = Who { roles: RoleSet::ALL, channels: ChannelSet::ALL, purposes: PurposeSet::ALL };
    let (source, read) = ("s".to_owned(), Reading::Primary);
    Rule { id: id.to_owned(), source, read, note: None, effect, who, kind }
}

prop_compose! {
    fn scopes()(extra in proptest::sample::subsequence(Key::ALL, 0..4), first in proptest::bool::ANY) -> Scope {
        let first = if first { Key::Person } else { Key::ContactPoint };
        extra.into_iter().chain([first]).collect()
    }
}

prop_compose! {
    fn exceptions()(words in proptest::sample::subsequence(Exception::ALL, 0..=2)) -> Exceptions {
        words.into_iter().collect()
    }
}

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        (1..10_u16).prop_map(Window::Days),
        (1..5_i64).prop_map(|days| Window::RollingMs(days * 86_400_000)),
        Just(Window::Week),
        Just(Window::Month),
        Just(Window::Ever),
    ]
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let days = proptest::sample::subsequence(policy::sets::Day::ALL, 1..=7);
    let span = (days, 0..12_u32, 12..24_u32).prop_map(|(days, from, until)| {
        let days: DaySet = days.into_iter().collect();
        Span { days, from_s: from * 3600, until_s: until * 3600 + 3599 }
    });
    proptest::collection::vec(span, 1..3)
}

fn purposes() -> impl Strategy<Value = PurposeSet> {
    proptest::sample::subsequence(Purpose::ALL, 0..=6).prop_map(|words| words.into_iter().collect())
}

fn kinds() -> impl Strategy<Value = Kind> {
    let counted =
        proptest::sample::select(vec![Counted::Attempts, Counted::Unanswered, Counted::Communications]);
    let purpose = (purposes(), purposes(), proptest::option::of((1..4_u16, 1..3_u16, purposes())));
    let content = (
        proptest::bool::ANY,
        proptest::sample::subsequence(Element::ALL, 0..=3),
        proptest::sample::subsequence(vec!["debt", "loan"], 0..=2),
    );
    prop_oneof![
        (counted, scopes(), 1..6_u16, windows(), exceptions()).prop_map(
            |(count, scope, limit, window, except)| {
                Kind::Frequency(Frequency { count, scope, limit, window, except })
            }
        ),
        (scopes(), windows(), exceptions()).prop_map(|(scope, window, except)| Kind::CoolDown(CoolDown {
            scope,
            window,
            except
        })),
        (scopes(), 1..5_i64, exceptions()).prop_map(|(scope, least_ms, except)| Kind::Interval(Interval {
            scope,
            least_ms,
            except
        })),
        (spans(), spans(), proptest::bool::ANY, proptest::bool::ANY).prop_map(
            |(open, holiday_open, holiday, unless_consented)| {
                let holidays = if holiday { vec![jiff::civil::date(2026, 10, 1)] } else { Vec::new() };
                Kind::Hours(Hours { open, holidays, holiday_open, unless_consented })
            }
        ),
        purpose.prop_map(|(allowed, confirmed, out)| {
            let debtor_out_of_contact =
                out.map(|(days, tries, purposes)| OutOfContact { days, tries, purposes });
            Kind::Purpose(PurposeRule { allowed, confirmed, debtor_out_of_contact })
        }),
        (proptest::bool::ANY, proptest::option::of(1..5_u16), windows(), scopes()).prop_map(
            |(registered, most, window, scope)| Kind::Lines(Lines { registered, most, window, scope })
        ),
        (1..9_u16, proptest::collection::vec(proptest::bool::ANY, 4)).prop_map(|(within_days, flags)| {
            let [by_message, by_consent, by_check, at_work] = flags[..] else { unreachable!("four flags") };
            Kind::Fresh(Fresh { within_days, by_message, by_consent, by_check, at_work })
        }),
        content.prop_map(|(template, require, forbid)| {
            let forbid = forbid.into_iter().map(str::to_owned).collect();
            Kind::Content(Content { template, require, forbid })
        }),
        (0..6_u16).prop_map(|most| Kind::Shared(Shared { most })),
    ]
}

fn rules() -> impl Strategy<Value = Rule> {
    (kinds(), proptest::bool::ANY)
        .prop_map(|(kind, refuses)| rule_of("r", kind, if refuses { Effect::Refuse } else { Effect::Flag }))
}

fn consents() -> impl Strategy<Value = Vec<ConsentTerms>> {
    let terms = (proptest::option::of(1..9_u16), proptest::bool::ANY).prop_map(
        |(at_most_days, ends_with_conversation)| ConsentTerms { at_most_days, ends_with_conversation },
    );
    proptest::collection::vec(terms, 0..2)
}

fn fewer<T: Copy + PartialEq, S: FromIterator<T>>(words: impl Iterator<Item = T>, pick: usize) -> Option<S> {
    let words: Vec<T> = words.collect();
    let left_out = words.len().checked_sub(1).map(|last| words[pick % (last + 1)])?;
    Some(words.into_iter().filter(|word| *word != left_out).collect())
}

fn longer(window: Window, pick: usize) -> Option<Window> {
    match (window, pick % 2) {
        (Window::Ever, _) => None,
        (_, 0) => Some(Window::Ever),
        (Window::Days(days), _) => Some(Window::Days(days + 1)),
        (Window::RollingMs(ms), _) => Some(Window::RollingMs(ms + 1)),
        (Window::Week, _) => Some(Window::Days(7)),
        (Window::Month, _) => Some(Window::Days(31)),
    }
}

/// A rule with one field stricter, said without the library's own comparison; `None` where it cannot be.
fn stricter(rule: &Rule, field: usize, pick: usize) -> Option<Rule> {
    let mut rule = rule.clone();
    if field == 0 {
        (rule.effect == Effect::Flag).then_some(())?;
        rule.effect = Effect::Refuse;
        return Some(rule);
    }
    match (&mut rule.kind, field) {
        (Kind::Frequency(terms), 1) if terms.limit > 1 => terms.limit -= 1,
        (Kind::Frequency(terms), 2) => terms.window = longer(terms.window, pick)?,
        (Kind::Frequency(terms), 3) => terms.scope = fewer(terms.scope.words(), pick)?,
        (Kind::Frequency(terms), 4) => terms.except = fewer(terms.except.words(), pick)?,
        (Kind::Frequency(terms), 5) if terms.count != Counted::Attempts => terms.count = Counted::Attempts,
        (Kind::CoolDown(terms), 1) => terms.window = longer(terms.window, pick)?,
        (Kind::CoolDown(terms), 2) => terms.scope = fewer(terms.scope.words(), pick)?,
        (Kind::CoolDown(terms), 3) => terms.except = fewer(terms.except.words(), pick)?,
        (Kind::Interval(terms), 1) => terms.least_ms += 1,
        (Kind::Interval(terms), 2) => terms.scope = fewer(terms.scope.words(), pick)?,
        (Kind::Interval(terms), 3) => terms.except = fewer(terms.except.words(), pick)?,
        (Kind::Hours(terms), 1) => {
            let span = terms.open.get_mut(pick % 2)?;
            span.until_s -= 3600;
            if span.until_s < span.from_s {
                return None;
            }
        }
        (Kind::Hours(terms), 2) => {
            terms.open.pop()?;
        }
        (Kind::Hours(terms), 3) if terms.unless_consented => terms.unless_consented = false,
        (Kind::Hours(terms), 4) if !terms.holidays.is_empty() => {
            terms.holiday_open.pop()?;
        }
        (Kind::Hours(terms), 5) => {
            terms.holidays.push(jiff::civil::date(2026, 5, 1));
            (terms.holidays.len() == 1).then(|| terms.holiday_open.clear())?;
        }
        (Kind::Purpose(terms), 1) => terms.allowed = fewer(terms.allowed.words(), pick)?,
        (Kind::Purpose(terms), 2) => terms.confirmed = terms.confirmed.with(Purpose::ALL[pick % 6]),
        (Kind::Purpose(terms), 3) => {
            terms.debtor_out_of_contact = match terms.debtor_out_of_contact {
                None => {
                    Some(OutOfContact { days: 1, tries: 1, purposes: PurposeSet::NONE.with(Purpose::Locate) })
                }
                Some(out) => Some(match pick % 3 {
                    0 => OutOfContact { days: out.days + 1, ..out },
                    1 => OutOfContact { tries: out.tries + 1, ..out },
                    _ => OutOfContact { purposes: out.purposes.with(Purpose::ALL[pick % 6]), ..out },
                }),
            }
        }
        (Kind::Lines(terms), 1) if !terms.registered => terms.registered = true,
        (Kind::Lines(terms), 2) => match &mut terms.most {
            None => terms.most = Some(3),
            Some(1) => return None,
            Some(most) => *most -= 1,
        },
        (Kind::Lines(terms), 3) => terms.window = longer(terms.window, pick)?,
        (Kind::Lines(terms), 4) => terms.scope = fewer(terms.scope.words(), pick)?,
        (Kind::Fresh(terms), 1) if terms.within_days > 1 => terms.within_days -= 1,
        (Kind::Fresh(terms), 2) if terms.by_message => terms.by_message = false,
        (Kind::Fresh(terms), 3) if terms.by_consent => terms.by_consent = false,
        (Kind::Fresh(terms), 4) if terms.by_check => terms.by_check = false,
        (Kind::Fresh(terms), 5) if terms.at_work => terms.at_work = false,
        (Kind::Content(terms), 1) if !terms.template => terms.template = true,
        (Kind::Content(terms), 2) => {
            let missing = Element::ALL.iter().find(|element| !terms.require.contains(element))?;
            terms.require.push(*missing);
        }
        (Kind::Content(terms), 3) => terms.forbid.push("sue".to_owned()),
        (Kind::Shared(terms), 1) if terms.most > 0 => terms.most -= 1,
        _ => return None,
    }
    Some(rule)
}

fn platform(rules: Vec<Rule>, consents: Vec<ConsentTerms>) -> Pack {
    pack_of(Owner::Platform, rules, consents)
}

fn lender(rule: Rule, consents: Vec<ConsentTerms>) -> Pack {
    pack_of(Owner::Lender(LenderId(3)), vec![rule], consents)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// The base is made of the rule itself with some fields stricter or not, so that comparisons are frequent.
    #[test]
    fn given_an_addition_that_is_taken_when_a_field_is_made_stricter_then_it_is_taken_too(
        rule in rules(),
        others in proptest::collection::vec(rules(), 0..3),
        kin in proptest::collection::vec((0..6_usize, 0..12_usize), 0..4),
        (field, pick) in (0..6_usize, 0..12_usize),
        (held, own) in (consents(), consents()),
    ) {
        let kin = kin.into_iter().filter_map(|(field, pick)| stricter(&rule, field, pick));
        let base: Vec<Rule> = others.into_iter().chain(kin).collect();
        let base = platform(base, held);
        if let Some(more) = stricter(&rule, field, pick)
            && check_addition(&lender(rule, own.clone()), &[&base]).is_ok()
        {
            prop_assert_eq!(check_addition(&lender(more, own), &[&base]), Ok(()));
        }
    }

    #[test]
    fn given_a_rule_and_a_stricter_one_when_compared_then_only_the_weaker_one_can_be_refused(
        rule in rules(),
        (field, pick) in (0..6_usize, 0..12_usize),
    ) {
        if let Some(more) = stricter(&rule, field, pick) {
            let (weak, strong) = (platform(vec![rule.clone()], vec![]), platform(vec![more.clone()], vec![]));
            prop_assert_eq!(check_addition(&lender(more.clone(), vec![]), &[&weak]), Ok(()));
            let same = check_addition(&lender(rule.clone(), vec![]), &[&strong]).is_ok();
            // Some changes change nothing: a span inside another one, conditions for what is not allowed anyway.
            let may_be_same = match (&rule.kind, field) {
                (Kind::Hours(_), 1 | 2 | 4 | 5) | (Kind::Purpose(_), 2 | 3) => true,
                (Kind::Lines(lines), 3 | 4) => lines.most.is_none(),
                _ => false,
            };
            prop_assert!(!same || may_be_same, "{rule:?} against {more:?}");
        }
    }
}
