//! The rules of a simulated world, as the view counts them and as the gate reads them.

use events::gate::PolicyAdoptedV2;
use jiff::tz::TimeZone;
use model::Timestamp;

use crate::chance::Chance;

/// What contacts have in common that count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The contact point.
    ContactPoint,
    /// The person of the case's link.
    Person,
    /// The case.
    Case,
}

/// How far back it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many milliseconds, the moment that lies exactly so far back not included.
    Rolling(i64),
    /// So many calendar days, the present one included.
    Days(i64),
    /// The calendar week, from Monday.
    Week,
    /// The calendar month.
    Month,
}

/// At most so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// What is counted together.
    pub scope: Scope,
    /// When.
    pub window: Window,
    /// How many.
    pub limit: usize,
    /// Those that never reached the number are given back.
    pub gives_back: bool,
}

const MINUTE: i64 = 60_000;
const WINDOWS: [Window; 10] = [
    Window::Rolling(5 * MINUTE),
    Window::Rolling(30 * MINUTE),
    Window::Rolling(90 * MINUTE),
    Window::Rolling(24 * 60 * MINUTE),
    Window::Rolling(100 * 60 * MINUTE),
    Window::Days(1),
    Window::Days(2),
    Window::Days(7),
    Window::Week,
    Window::Month,
];

impl Cap {
    /// One by chance: on a contact point, on a person, or on a case.
    pub fn random(scope: Scope, chance: &mut Chance) -> Self {
        let window = *chance.pick(&WINDOWS);
        let limit = 1 + chance.below(4) as usize;
        Self { scope, window, limit, gives_back: chance.percent(50) }
    }

    fn text(&self, number: usize) -> String {
        let scope = match self.scope {
            Scope::ContactPoint => "contact-point",
            Scope::Person => "person",
            Scope::Case => "case",
        };
        let window = match self.window {
            Window::Rolling(ms) => format!("{} minutes", ms / MINUTE),
            Window::Days(1) => "1 day".to_owned(),
            Window::Days(days) => format!("{days} days"),
            Window::Week => "week".to_owned(),
            Window::Month => "month".to_owned(),
        };
        let except = if self.gives_back { "except = [\"unconnected\"]\n" } else { "" };
        format!(
            "\n[[frequency]]\nid = \"cap-{number}\"\nsource = \"the simulator\"\nread = \"derived\"\ncount = \"attempts\"\n\
             scope = [\"{scope}\"]\nlimit = {}\nwindow = \"{window}\"\n{except}",
            self.limit
        )
    }
}

/// The rule pack that has these caps.
pub fn pack(version: usize, caps: &[Cap]) -> PolicyAdoptedV2 {
    let head = format!(
        "schema = 1\nid = \"law\"\nversion = {version}\ntitle = \"The law of a simulated world\"\n\
         effective = 1970-01-01\napplies = \"everywhere\"\nowner = \"platform\"\n"
    );
    let caps = caps.iter().enumerate().map(|(number, cap)| cap.text(number));
    PolicyAdoptedV2 { pack: std::iter::once(head).chain(caps).collect() }
}

impl Window {
    /// Whether `then` lies in the window of this kind that ends `now`.
    pub fn holds(self, then: Timestamp, now: Timestamp, zone: &TimeZone) -> bool {
        if then > now {
            return false;
        }
        let day = |at: Timestamp| {
            // The simulated years are well within what a date can say.
            jiff::Timestamp::from_millisecond(at.0).map(|at| zone.to_datetime(at).date()).unwrap_or_default()
        };
        // 1 January 1970 was a Thursday.
        let number = |at: Timestamp| {
            let since = jiff::civil::date(1970, 1, 1).until(day(at));
            since.map_or(0, |since| i64::from(since.get_days()))
        };
        match self {
            Self::Rolling(ms) => now.0 - then.0 < ms,
            Self::Days(days) => number(now) - number(then) < days,
            Self::Week => (number(now) + 3).div_euclid(7) == (number(then) + 3).div_euclid(7),
            Self::Month => (day(now).year(), day(now).month()) == (day(then).year(), day(then).month()),
        }
    }
}
