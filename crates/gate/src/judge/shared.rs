//! Numbers that many borrowers name.

use events::Code;
use events::gate::NumberCheck;
use policy::pack::Shared;

use super::{Finding, On};

pub(super) fn judge(on: &On<'_, '_>, shared: &Shared) -> Finding {
    let named = on.contact.links.iter().filter(|link| !link.role.owes());
    // Case by case: two cases of one borrower are two borrowers here, which errs towards asking.
    let borrowers = named.count();
    let limit = u32::from(shared.most);
    let too_many = borrowers > usize::from(shared.most);
    let in_order = on.contact.checked(NumberCheck::SharedInOrder).is_some();
    let finding = Finding::refuses_if(too_many && !in_order, Code::NUMBER_SHARED);
    // Shown, not counted against: it is no cap.
    Finding {
        detail: (too_many && !in_order)
            .then(|| format!("expected at most {limit} borrowers, got {borrowers}")),
        ..finding
    }
}
