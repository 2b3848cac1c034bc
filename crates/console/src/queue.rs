//! A collector's queue: whom to call now, in order of worth, and when the others may be called.

mod texts;

use api::{CasePerson, ContactView, Principal, Queue, QueueContact, QueueEntry, Target};
use axum::extract::State;
use futures::future::join_all;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use model::{CaseId, CollectorId, ContactPointId, Purpose, Role};
use serde::Deserialize;

use crate::Pages;
use crate::failure::Failure;
use crate::forms::Params;
use crate::layout;
use crate::moment;
use crate::visit::Visit;
use crate::words;
use crate::zones;

/// Cases of one page.
const CASES: u32 = 25;

#[derive(Deserialize)]
pub(crate) struct Which {
    collector: Option<String>,
    after: Option<String>,
}

/// A case with the people in it.
struct Row<'a> {
    entry: &'a QueueEntry,
    people: Vec<CasePerson>,
    contacts: Vec<Contact<'a>>,
}

/// A contact point of a case: what may be asked for it, and how it stands.
struct Contact<'a> {
    contact: ContactPointId,
    role: Role,
    asks: Vec<&'a QueueContact>,
    view: Option<ContactView>,
    zone: TimeZone,
}

pub(crate) async fn show(
    State(pages): State<Pages>,
    visit: Visit,
    Params(which): Params<Which>,
) -> Result<Markup, Failure> {
    if visit.principal == Principal::Anonymous {
        return Err(Failure::signed_out());
    }
    let collector: CollectorId = match (&which.collector, visit.principal) {
        (Some(named), _) => named.parse().map_err(|_| Failure::nothing())?,
        (None, Principal::Collector(own, _)) => own,
        _ => return Err(Failure::nothing()),
    };
    let after = which.after.as_deref().map(read_after).transpose()?;
    let queue = pages.platform.queue(&visit.principal, collector, CASES, after).await?;
    let callable = rows(&pages, &visit, &queue.callable).await;
    let later = rows(&pages, &visit, &queue.later).await;
    let zone = pages.options.zone();
    let key = page_key()?;
    let body = html! {
        header.title {
            h1 { (visit.say(texts::TITLE)) }
            p.fine {
                (collector) " · " (moment::time(visit.language, queue.at, &zone)) " " (moment::zone_name(&zone))
                @if !queue.lines.is_empty() { " · " (visit.say(texts::LINES)) " " (queue.lines.join(", ")) }
            }
        }
        @if queue.lines.is_empty() { p.notice { (visit.say(texts::NO_LINE)) } }
        h2 { (visit.say(texts::NOW)) " " span.count { (callable.len()) } }
        @if callable.is_empty() { p.card { (visit.say(texts::NOBODY_NOW)) } }
        div.cards { @for row in &callable { (card(&pages, &visit, row, &key)) } }
        h2 { (visit.say(texts::LATER)) " " span.count { (later.len()) } }
        @if later.is_empty() { p.card { (visit.say(texts::NOBODY_LATER)) } }
        div.cards { @for row in &later { (card(&pages, &visit, row, &key)) } }
        @if let Some(next) = next(&queue) {
            p.actions { a.button href=(next_link(&which, &next)) { (visit.say(texts::MORE)) } }
        }
    };
    Ok(layout::page(&visit, visit.say(texts::TITLE), body))
}

async fn rows<'a>(pages: &Pages, visit: &Visit, entries: &'a [QueueEntry]) -> Vec<Row<'a>> {
    join_all(entries.iter().map(|entry| row(pages, visit, entry))).await
}

/// What cannot be had now is left out of the row: the queue itself is what counts.
async fn row<'a>(pages: &Pages, visit: &Visit, entry: &'a QueueEntry) -> Row<'a> {
    let mut grouped: Vec<(ContactPointId, Role, Vec<&QueueContact>)> = Vec::new();
    for ask in &entry.contacts {
        match grouped.iter_mut().find(|(contact, role, _)| (*contact, *role) == (ask.contact, ask.role)) {
            Some((_, _, asks)) => asks.push(ask),
            None => grouped.push((ask.contact, ask.role, vec![ask])),
        }
    }
    let contacts = join_all(grouped.into_iter().map(|(contact, role, asks)| async move {
        let view = pages.platform.contact(&visit.principal, &Target::Point(contact)).await.ok();
        let zone = zones::of(pages, contact).await.into_iter().next();
        Contact { contact, role, asks, view, zone: zone.unwrap_or_else(|| pages.options.zone()) }
    }));
    let people = pages.platform.people(&visit.principal, entry.case);
    let (contacts, people) = futures::future::join(contacts, people).await;
    Row { entry, people: people.unwrap_or_default(), contacts }
}

fn card(pages: &Pages, visit: &Visit, row: &Row<'_>, key: &str) -> Markup {
    html! {
        section.card.case {
            h3 { (row.entry.worth) }
            p.fine { (pages.options.lender(row.entry.lender)) " · " code { (short(&row.entry.case)) } }
            @for contact in &row.contacts {
                div.contact.callable[contact.asks.iter().any(|ask| ask.callable_now)] {
                    div.person {
                        @let (name, hint) = found(&row.people, contact.contact);
                        strong { (name.unwrap_or(visit.say(if row.people.is_empty() { texts::NAME_LATER } else { texts::NO_NAME }))) }
                        @if let Some(hint) = hint { " " span.number { (hint) } }
                        br;
                        (visit.say(words::role(contact.role))) " "
                        @if !contact.role.owes() { span.badge.good { (visit.say(words::OWES_NOTHING)) } }
                    }
                    (facts(visit, contact))
                    @for ask in contact.worth_showing() { (offer(visit, row.entry.case, contact, ask, key)) }
                }
            }
            @if row.contacts.is_empty() { p.fine { (visit.say(texts::NO_CONTACT)) } }
        }
    }
}

impl<'a> Contact<'a> {
    /// What may be asked now or at some time; if there is none, one on which to ask why.
    fn worth_showing(&self) -> impl Iterator<Item = &&'a QueueContact> {
        let open = |ask: &QueueContact| ask.callable_now || ask.callable_at.is_some();
        let any = self.asks.iter().any(|ask| open(ask));
        let asks = self.asks.iter().enumerate();
        asks.filter(move |(nth, ask)| open(ask) || (!any && *nth == 0)).map(|(_, ask)| ask)
    }
}

/// Names this page as it was made now: each of its buttons is one request, however often it is clicked.
fn page_key() -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Failure::unavailable())?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How often the number was contacted and what its owner said: what the gate will go by.
fn facts(visit: &Visit, contact: &Contact<'_>) -> Markup {
    let Some(view) = &contact.view else { return html! {} };
    let consent = view.holders.iter().find_map(|holder| holder.consent);
    html! {
        p.fine {
            @if view.stop.is_some() { span.badge.bad { (visit.say(texts::STOPPED)) } " " }
            @for (nth, (rule, count)) in view.counts.iter().enumerate() {
                @if nth > 0 { " · " }
                (rule) " " (count.counted) "/" (count.limit)
            }
            @if !contact.role.owes() {
                " · "
                @match consent {
                    Some(answer) => (visit.say(words::answer(answer))),
                    None => (visit.say(texts::NOT_ASKED)),
                }
            }
        }
    }
}

fn offer(visit: &Visit, case: CaseId, contact: &Contact<'_>, ask: &QueueContact, key: &str) -> Markup {
    let own = matches!(visit.principal, Principal::Collector(..));
    let label = visit.say(match ask.purpose {
        Purpose::Collect => texts::ASK_COLLECT,
        Purpose::Locate => texts::ASK_LOCATE,
        Purpose::ConsentNotice => texts::ASK_NOTICE,
        // A queue offers none of these: whoever has reason to ask for one, asks for it.
        Purpose::Reply | Purpose::RequiredNotice | Purpose::StopReceipt => words::purpose(ask.purpose),
    });
    html! {
        form.offer method="post" action="/permits" {
            @if own {
                (layout::token(visit))
                input type="hidden" name="key" value=(key);
                input type="hidden" name="case" value=(case);
                input type="hidden" name="contact" value=(ask.contact);
                input type="hidden" name="channel" value=(ask.channel);
                input type="hidden" name="purpose" value=(ask.purpose);
            }
            @if ask.callable_now {
                @if own { button.primary[ask.purpose != Purpose::ConsentNotice] type="submit" { (label) } } @else { span { (label) } }
            } @else {
                span.fine {
                    (label) " · "
                    @match ask.callable_at {
                        Some(next) => {
                            (visit.say(texts::NEXT)) " " (moment::time(visit.language, next, &contact.zone)) " "
                            (moment::zone_name(&contact.zone))
                        },
                        None => (visit.say(texts::NOT_BY_TIME)),
                    }
                }
                @if own { button.quiet type="submit" { (visit.say(texts::WHY_NOT)) } }
            }
        }
    }
}

/// The name and the hint of whoever is behind a contact point.
pub(crate) fn found(people: &[CasePerson], contact: ContactPointId) -> (Option<&str>, Option<&str>) {
    let found = people.iter().find_map(|person| {
        let contact = person.contacts.iter().find(|known| known.contact == contact)?;
        Some((person.name.as_deref(), contact.hint.as_deref()))
    });
    found.unwrap_or_default()
}

/// Enough of a case's id to tell it from others on the page.
fn short(case: &CaseId) -> String {
    case.to_string().chars().take(13).collect()
}

/// Where the next page begins; `None`: this one is not full.
fn next(queue: &Queue) -> Option<(i64, CaseId)> {
    let entries = || queue.callable.iter().chain(&queue.later);
    if entries().count() < CASES as usize {
        return None;
    }
    // The order of the queue: the worthiest first, then by case.
    entries()
        .map(|entry| (entry.worth.minor, entry.case))
        .max_by_key(|(minor, case)| (std::cmp::Reverse(*minor), *case))
}

fn next_link(which: &Which, (minor, case): &(i64, CaseId)) -> String {
    let collector = which.collector.as_ref().and_then(|named| named.parse::<CollectorId>().ok());
    let collector = collector.map(|collector| format!("&collector={collector}")).unwrap_or_default();
    format!("/queue?after={minor}~{case}{collector}")
}

fn read_after(text: &str) -> Result<(i64, CaseId), Failure> {
    let (minor, case) = text.split_once('~').ok_or_else(Failure::nothing)?;
    match (minor.parse(), case.parse()) {
        (Ok(minor), Ok(case)) => Ok((minor, case)),
        _ => Err(Failure::nothing()),
    }
}
