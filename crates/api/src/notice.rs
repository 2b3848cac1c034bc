//! The one notice that asks somebody who was named as a contact. Its text is the platform's, the same for every agency,
//! and approved for each when it is registered.

use events::gate::{TemplateApprovedV1, TemplateId};
use model::{AgencyId, Channel, Role};

/// The number of the notice's text at every agency.
pub const NOTICE: TemplateId = TemplateId(1);

/// It says who writes, that the person owes nothing, how to answer and how to make it stop; of the loan nothing but that
/// somebody named them.
const TEXT: &str = "{agency}: Somebody named you as their emergency contact. You owe nothing. Did you know, and do you agree to be asked \
     where they can be reached? Answer at {link}. No answer means no. To be left alone by everybody: {stop}\n\
     {agency}:有人将您填写为紧急联系人。您不欠任何款项。您是否知情,是否同意我们向您询问如何联系到该人?请在 {link} 答复;不答复视为不同意。如不希望再被联系:{stop}";

/// The notice, as it is approved for an agency.
pub fn notice(agency: AgencyId) -> TemplateApprovedV1 {
    TemplateApprovedV1 {
        agency,
        template: NOTICE,
        channels: vec![Channel::Sms, Channel::Email, Channel::Letter, Channel::App],
        roles: vec![Role::EmergencyContact, Role::OtherThirdParty],
        text: TEXT.to_owned(),
    }
}
