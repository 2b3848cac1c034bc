//! The phrases of a case file and what they mean. Articles are dropped before a phrase is looked up.

use events::gate::NumberCheck;
use model::{Channel, Outcome, Place, Purpose, Role};

use crate::case::{Kind, Reason};

/// What somebody is to a debtor. Those whom 12 CFR 1006.6(a) counts as the consumer have the role of a co-debtor.
pub(crate) const RELATIONS: &[(&str, Role)] = &[
    ("debtor", Role::Debtor),
    ("consumer", Role::Debtor),
    ("co-debtor", Role::CoDebtor),
    ("co-signer", Role::CoDebtor),
    ("cosigner", Role::CoDebtor),
    ("co-borrower", Role::CoDebtor),
    ("joint debtor", Role::CoDebtor),
    ("spouse", Role::CoDebtor),
    ("husband", Role::CoDebtor),
    ("wife", Role::CoDebtor),
    ("guardian", Role::CoDebtor),
    ("executor", Role::CoDebtor),
    ("administrator", Role::CoDebtor),
    ("personal representative", Role::CoDebtor),
    ("confirmed successor", Role::CoDebtor),
    ("successor in interest", Role::CoDebtor),
    ("guarantor", Role::Guarantor),
    ("emergency contact", Role::EmergencyContact),
    ("reference", Role::EmergencyContact),
    ("referee", Role::EmergencyContact),
    ("attorney", Role::Attorney),
    ("lawyer", Role::Attorney),
    ("third party", Role::OtherThirdParty),
    ("mother", Role::OtherThirdParty),
    ("father", Role::OtherThirdParty),
    ("parent", Role::OtherThirdParty),
    ("sister", Role::OtherThirdParty),
    ("brother", Role::OtherThirdParty),
    ("sibling", Role::OtherThirdParty),
    ("daughter", Role::OtherThirdParty),
    ("son", Role::OtherThirdParty),
    ("child", Role::OtherThirdParty),
    ("cousin", Role::OtherThirdParty),
    ("relative", Role::OtherThirdParty),
    ("partner", Role::OtherThirdParty),
    ("friend", Role::OtherThirdParty),
    ("colleague", Role::OtherThirdParty),
    ("co-worker", Role::OtherThirdParty),
    ("neighbor", Role::OtherThirdParty),
    ("neighbour", Role::OtherThirdParty),
    ("roommate", Role::OtherThirdParty),
    ("landlord", Role::OtherThirdParty),
    ("employer", Role::OtherThirdParty),
];

/// How an agency contacts, and how a person does.
pub(crate) const CONTACTS: &[(&str, Channel)] = &[
    ("calls", Channel::Call),
    ("call", Channel::Call),
    ("phones", Channel::Call),
    ("phone", Channel::Call),
    ("called", Channel::Call),
    ("places call to", Channel::Call),
    ("placed call to", Channel::Call),
    ("places telephone call to", Channel::Call),
    ("placed telephone call to", Channel::Call),
    ("place call to", Channel::Call),
    ("place telephone call to", Channel::Call),
    ("telephones", Channel::Call),
    ("telephone", Channel::Call),
    ("texts", Channel::Sms),
    ("text", Channel::Sms),
    ("texted", Channel::Sms),
    ("sends text to", Channel::Sms),
    ("sends text message to", Channel::Sms),
    ("send text to", Channel::Sms),
    ("send text message to", Channel::Sms),
    ("emails", Channel::Email),
    ("e-mails", Channel::Email),
    ("e-mail", Channel::Email),
    ("email", Channel::Email),
    ("emailed", Channel::Email),
    ("sends email to", Channel::Email),
    ("send email to", Channel::Email),
    ("writes to", Channel::Letter),
    ("write to", Channel::Letter),
    ("writes", Channel::Letter),
    ("write", Channel::Letter),
    ("wrote to", Channel::Letter),
    ("mails", Channel::Letter),
    ("mail", Channel::Letter),
    ("sends letter to", Channel::Letter),
    ("send letter to", Channel::Letter),
    ("visits", Channel::Visit),
    ("visit", Channel::Visit),
    ("visited", Channel::Visit),
    ("messages", Channel::App),
    ("message", Channel::App),
];

/// Media, as somebody who wants them stopped, allowed or consented to names them.
pub(crate) const MEDIA: &[(&str, Option<Channel>)] = &[
    ("calling", Some(Channel::Call)),
    ("calls", Some(Channel::Call)),
    ("more calls", Some(Channel::Call)),
    ("phone calls", Some(Channel::Call)),
    ("telephone calls", Some(Channel::Call)),
    ("texting", Some(Channel::Sms)),
    ("texts", Some(Channel::Sms)),
    ("text messages", Some(Channel::Sms)),
    ("text", Some(Channel::Sms)),
    ("emailing", Some(Channel::Email)),
    ("emails", Some(Channel::Email)),
    ("email", Some(Channel::Email)),
    ("e-mails", Some(Channel::Email)),
    ("writing", Some(Channel::Letter)),
    ("mailing", Some(Channel::Letter)),
    ("letters", Some(Channel::Letter)),
    ("mailing letters", Some(Channel::Letter)),
    ("visiting", Some(Channel::Visit)),
    ("visits", Some(Channel::Visit)),
    ("messaging", Some(Channel::App)),
    ("messages", Some(Channel::App)),
    ("everything", None),
    ("contact", None),
    ("all contact", None),
    ("contacting", None),
];

/// What became of a contact.
pub(crate) const OUTCOMES: &[(&str, Outcome)] = &[
    ("conversation", Outcome::Conversation),
    ("general conversation", Outcome::Conversation),
    ("answered", Outcome::Conversation),
    ("spoke", Outcome::Conversation),
    ("they speak", Outcome::Conversation),
    ("they spoke", Outcome::Conversation),
    ("answered then dropped", Outcome::AnsweredDropped),
    ("answered and dropped", Outcome::AnsweredDropped),
    ("answered but dropped", Outcome::AnsweredDropped),
    ("answered-dropped", Outcome::AnsweredDropped),
    ("dropped", Outcome::AnsweredDropped),
    ("hung up", Outcome::AnsweredDropped),
    ("no answer", Outcome::NoAnswer),
    ("no-answer", Outcome::NoAnswer),
    ("not answered", Outcome::NoAnswer),
    ("unanswered", Outcome::NoAnswer),
    ("goes unanswered", Outcome::NoAnswer),
    ("rings unanswered", Outcome::NoAnswer),
    ("rang unanswered", Outcome::NoAnswer),
    ("rang no answer", Outcome::NoAnswer),
    ("voicemail", Outcome::Voicemail),
    ("leaves voicemail", Outcome::Voicemail),
    ("goes to voicemail", Outcome::Voicemail),
    ("reaches voicemail", Outcome::Voicemail),
    ("recorded message", Outcome::Voicemail),
    ("limited-content message", Outcome::Voicemail),
    ("limited content message", Outcome::Voicemail),
    ("leaves limited-content message", Outcome::Voicemail),
    ("leaves limited content message", Outcome::Voicemail),
    ("voicemail with limited-content message", Outcome::Voicemail),
    ("lcm", Outcome::Voicemail),
    ("ringless voicemail", Outcome::Voicemail),
    ("rvm", Outcome::Voicemail),
    ("busy", Outcome::Busy),
    ("busy signal", Outcome::Busy),
    ("not in service", Outcome::NotInService),
    ("not-in-service", Outcome::NotInService),
    ("unknown", Outcome::Unknown),
    ("outcome unknown", Outcome::Unknown),
    ("unknown outcome", Outcome::Unknown),
    ("delivered", Outcome::Delivered),
    ("received", Outcome::Delivered),
    ("undelivered", Outcome::Undelivered),
    ("returned", Outcome::Undelivered),
];

/// What a contact is for, after `to`, `for`, `in` or `as`.
pub(crate) const PURPOSES: &[(&str, Purpose)] = &[
    ("collect", Purpose::Collect),
    ("collection", Purpose::Collect),
    ("locate", Purpose::Locate),
    ("location", Purpose::Locate),
    ("location information", Purpose::Locate),
    ("find", Purpose::Locate),
    ("reply", Purpose::Reply),
    ("response", Purpose::Reply),
    ("respond", Purpose::Reply),
    ("answer", Purpose::Reply),
    ("required notice", Purpose::RequiredNotice),
    ("give required notice", Purpose::RequiredNotice),
    ("send required notice", Purpose::RequiredNotice),
    ("notice required by law", Purpose::RequiredNotice),
    ("statement required by law", Purpose::RequiredNotice),
    ("stop receipt", Purpose::StopReceipt),
    ("confirm stop", Purpose::StopReceipt),
    ("confirm opt-out", Purpose::StopReceipt),
    ("consent notice", Purpose::ConsentNotice),
    ("ask for agreement", Purpose::ConsentNotice),
];

/// Why a call was placed all the same, after `because`: 12 CFR 1006.14, comments 14(b)(2)(ii)-2.i to .iv.
pub(crate) const REASONS: &[(&str, Reason)] = &[
    ("required by law", Reason::RequiredByLaw),
    ("law requires it", Reason::RequiredByLaw),
    ("law required it", Reason::RequiredByLaw),
    ("of litigation", Reason::Litigation),
    ("of active litigation", Reason::Litigation),
    ("litigation", Reason::Litigation),
    ("court ordered it", Reason::Litigation),
    ("person asked for information", Reason::InformationRequested),
    ("consumer asked for information", Reason::InformationRequested),
    ("person asked for it", Reason::InformationRequested),
    ("call dropped", Reason::CallDropped),
    ("payment about to be late", Reason::TimeOfTheEssence),
    ("payment is about to be late", Reason::TimeOfTheEssence),
    ("payment was about to be late", Reason::TimeOfTheEssence),
    ("time was of essence", Reason::TimeOfTheEssence),
    ("time is of essence", Reason::TimeOfTheEssence),
    ("of offer", Reason::OwnOffer),
    ("of discount", Reason::OwnOffer),
    ("of discount offer", Reason::OwnOffer),
    ("of own offer", Reason::OwnOffer),
];

/// What a check of a number found.
pub(crate) const CHECKS: &[(&str, NumberCheck)] = &[
    ("not reassigned", NumberCheck::NotReassigned),
    ("still theirs", NumberCheck::NotReassigned),
    ("not in service", NumberCheck::NotInService),
    ("shared in order", NumberCheck::SharedInOrder),
    ("shared and in order", NumberCheck::SharedInOrder),
    ("fabricated", NumberCheck::Fabricated),
    ("made up", NumberCheck::Fabricated),
];

/// Where a contact point is.
pub(crate) const PLACES: &[(&str, Place)] = &[
    ("home", Place::Home),
    ("work", Place::Work),
    ("workplace", Place::Work),
    ("employment", Place::Work),
    ("mobile", Place::Mobile),
    ("cell", Place::Mobile),
    ("cellular", Place::Mobile),
    ("elsewhere", Place::Other),
];

/// Kinds of contact points.
pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("phone", Kind::Phone),
    ("phones", Kind::Phone),
    ("telephone", Kind::Phone),
    ("number", Kind::Phone),
    ("numbers", Kind::Phone),
    ("landline", Kind::Phone),
    ("email", Kind::Email),
    ("email address", Kind::Email),
    ("address", Kind::Address),
    ("account", Kind::App),
    ("app", Kind::App),
];

/// Short names of the zones of the United States; every IANA name is known too.
pub(crate) const ZONES: &[(&str, &str)] = &[
    ("eastern", "America/New_York"),
    ("central", "America/Chicago"),
    ("mountain", "America/Denver"),
    ("arizona", "America/Phoenix"),
    ("pacific", "America/Los_Angeles"),
    ("alaska", "America/Anchorage"),
    ("hawaii", "Pacific/Honolulu"),
];

/// Behind a time of day alone: elsewhere they are names of countries.
pub(crate) const ZONE_LETTERS: &[(&str, &str)] = &[
    ("et", "America/New_York"),
    ("ct", "America/Chicago"),
    ("mt", "America/Denver"),
    ("pt", "America/Los_Angeles"),
];

/// The zone of a case whose pack is for one of these regions and that names none.
pub(crate) const ZONE_OF_REGION: &[(&str, &str)] = &[
    ("US", "America/New_York"),
    ("CN", "Asia/Shanghai"),
    ("HK", "Asia/Hong_Kong"),
    ("SG", "Asia/Singapore"),
    ("IN", "Asia/Kolkata"),
    ("GB", "Europe/London"),
];

/// The phrases of a table, for suggestions and for the list of what may stand here.
pub(crate) fn phrases<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(phrase, _)| *phrase).collect()
}
