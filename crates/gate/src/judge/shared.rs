//! Numbers that many borrowers name.

use events::Code;
use events::gate::NumberCheck;
use policy::pack::Shared;

use super::On;
use super::finding::{Finding, Why};

pub(super) fn ask(on: &On<'_, '_>, shared: &Shared) -> Finding {
    let too_many = borrowers(on) > usize::from(shared.most);
    let in_order = || on.view.contact.checked(NumberCheck::SharedInOrder).is_some();
    Finding::refuses_if(too_many && !in_order(), Code::NUMBER_SHARED)
}

/// How many there are: shown, not counted against, since it is no cap.
pub(super) fn why(on: &On<'_, '_>, shared: &Shared) -> Why {
    Why::detail(format!("expected at most {} borrowers, got {}", shared.most, borrowers(on)))
}

/// Case by case: two cases of one borrower are two borrowers here, which errs towards asking.
fn borrowers(on: &On<'_, '_>) -> usize {
    on.view.contact.links().iter().filter(|link| !link.role.owes()).count()
}
