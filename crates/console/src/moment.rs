//! Times as people read them, always with the zone that they are in.

use jiff::tz::TimeZone;
use maud::{Markup, html};
use model::Timestamp;

use crate::language::Language;

/// A moment to the minute, with the day of the week.
pub(crate) fn time(language: Language, at: Timestamp, zone: &TimeZone) -> Markup {
    shown(at, zone, |local| minute(language, local))
}

/// A moment to the second, with the day of the week.
pub(crate) fn exact(language: Language, at: Timestamp, zone: &TimeZone) -> Markup {
    shown(at, zone, |local| format!("{}{}", minute(language, local), local.strftime(":%S")))
}

/// The time of day, to the second.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> Markup {
    shown(at, zone, |local| local.strftime("%H:%M:%S").to_string())
}

/// What the zone calls itself.
pub(crate) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn shown(at: Timestamp, zone: &TimeZone, show: impl Fn(&jiff::ZonedDateTime) -> String) -> Markup {
    let Ok(moment) = jiff::Timestamp::from_millisecond(at.0) else { return html! { "—" } };
    html! { time datetime=(moment) { (show(&moment.to_zoned_datetime(zone.clone()))) } }
}

fn minute(language: Language, local: &jiff::ZonedDateTime) -> String {
    match language {
        Language::Chinese => {
            format!("{} {} {}", local.strftime("%Y年%-m月%-d日"), weekday(local), local.strftime("%H:%M"))
        }
        Language::English => local.strftime("%a %-d %b %Y, %H:%M").to_string(),
    }
}

fn weekday(local: &jiff::ZonedDateTime) -> &'static str {
    const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
    DAYS[day % DAYS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_its_zone_in_both_languages() {
        let at = Timestamp(1_795_500_000_000);
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let english = time(Language::English, at, &zone).into_string();
        assert!(english.contains(">Tue 24 Nov 2026, 14:00</time>"), "{english}");
        let chinese = time(Language::Chinese, at, &zone).into_string();
        assert!(chinese.contains(">2026年11月24日 周二 14:00</time>"), "{chinese}");
        assert!(chinese.contains("datetime=\"2026-11-24T06:00:00Z\""), "{chinese}");
        assert_eq!(zone_name(&zone), "Asia/Shanghai");
    }
}
