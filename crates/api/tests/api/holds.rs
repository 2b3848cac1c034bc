//! Holds: each party places and lifts its own.

use api::{HoldAsk, HoldOn, HoldVoice, Principal};
use events::Code;
use events::gate::{HoldKind, HoldSource, WeekTime};
use model::Channel;

use crate::given::{
    AGENCY, CONTACT_NUMBER, Given, LENDER, OTHER_AGENCY, OTHER_LENDER, ask, codes, collector, debtor, number,
};

fn hold(on: HoldOn, kind: HoldKind) -> HoldAsk {
    HoldAsk {
        on,
        kind,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until: None,
        source: None,
    }
}

fn on_debtor() -> HoldOn {
    HoldOn { target: Some(debtor()), ..HoldOn::default() }
}

#[tokio::test]
async fn given_a_person_who_wants_no_calls_when_held_then_only_calls_are_refused_until_they_lift_it() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let person = Principal::CalledPerson(platform.contact_point(&debtor()));
    let no_calls = HoldAsk { channels: vec![Channel::Call], ..hold(HoldOn::default(), HoldKind::Stop) };
    let receipt = platform.place_hold(&person, &no_calls, Some("once")).await.expect("placed");
    assert!(receipt.changed);
    let again = platform.place_hold(&person, &no_calls, None).await.expect("stands");
    assert_eq!((again.hold, again.changed), (receipt.hold, false));
    assert_eq!(codes(platform.request_permit(&collector(), &ask(case), None).await), [Code::HELD]);
    let listed = platform.holds(&person, &HoldOn::default()).await.expect("own");
    assert_eq!((listed.len(), listed[0].placed.by), (1, HoldSource::CalledPerson));
    // Nobody lifts it in the person's place.
    for other in [Principal::Agency(AGENCY), Principal::Lender(LENDER)] {
        let on = HoldOn { case: Some(case), ..on_debtor() };
        let refused = platform.lift_hold(&other, &on, receipt.hold, None, None).await;
        assert_eq!(codes(refused), [Code::HOLD_UNKNOWN], "{other:?}");
    }
    let stranger = Principal::CalledPerson(platform.contact_point(&number(CONTACT_NUMBER).into()));
    assert_eq!(
        codes(platform.lift_hold(&stranger, &on_debtor(), receipt.hold, None, None).await),
        [Code::NOT_FOUND]
    );
    assert!(platform.lift_hold(&person, &HoldOn::default(), receipt.hold, None, None).await.expect("lifted"));
    assert!(platform.request_permit(&collector(), &ask(case), None).await.is_ok());
}

#[tokio::test]
async fn given_a_case_in_dispute_when_its_lender_holds_it_then_every_partition_knows_and_only_the_lender_lifts()
 {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let on = HoldOn { case: Some(case), ..HoldOn::default() };
    let dispute = hold(on.clone(), HoldKind::Dispute);
    let lender = Principal::Lender(LENDER);
    for other in [Principal::Lender(OTHER_LENDER), Principal::Agency(OTHER_AGENCY)] {
        assert_eq!(codes(platform.place_hold(&other, &dispute, None).await), [Code::NOT_FOUND], "{other:?}");
    }
    let receipt = platform.place_hold(&lender, &dispute, None).await.expect("placed");
    // The named contact is in another partition of the gate or in the same: both know.
    for target in [debtor(), number(CONTACT_NUMBER).into()] {
        let view = platform.contact(&Principal::Operator, &target).await.expect("seen");
        assert_eq!(view.holds.len(), 1);
    }
    assert_eq!(
        codes(platform.lift_hold(&Principal::Agency(AGENCY), &on, receipt.hold, None, None).await),
        [Code::HOLD_UNKNOWN]
    );
    assert!(platform.lift_hold(&lender, &on, receipt.hold, None, None).await.expect("lifted"));
    for target in [debtor(), number(CONTACT_NUMBER).into()] {
        let view = platform.contact(&Principal::Operator, &target).await.expect("seen");
        assert!(view.holds.is_empty());
    }
}

#[tokio::test]
async fn given_parties_when_they_place_what_is_not_theirs_then_it_is_refused() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let of_case = HoldOn { case: Some(case), ..on_debtor() };
    let place =
        |principal: Principal, ask: HoldAsk| async move { platform.place_hold(&principal, &ask, None).await };
    // A kind that is not theirs to say.
    assert_eq!(
        codes(place(Principal::Agency(AGENCY), hold(of_case.clone(), HoldKind::Order)).await),
        [Code::FORBIDDEN]
    );
    assert_eq!(
        codes(place(Principal::Lender(LENDER), hold(of_case.clone(), HoldKind::Stop)).await),
        [Code::FORBIDDEN]
    );
    // A lender without a case.
    assert_eq!(
        codes(place(Principal::Lender(LENDER), hold(on_debtor(), HoldKind::Dispute)).await),
        [Code::FORBIDDEN]
    );
    assert_eq!(
        codes(place(Principal::Agency(OTHER_AGENCY), hold(on_debtor(), HoldKind::Stop)).await),
        [Code::NOT_FOUND]
    );
    assert_eq!(
        codes(place(Principal::Anonymous, hold(on_debtor(), HoldKind::Stop)).await),
        [Code::FORBIDDEN]
    );
    let in_other_name =
        HoldAsk { source: Some(HoldVoice::Regulator), ..hold(of_case.clone(), HoldKind::Stop) };
    assert_eq!(codes(place(Principal::Agency(AGENCY), in_other_name.clone()).await), [Code::FORBIDDEN]);
    assert!(
        place(Principal::Operator, in_other_name).await.expect("the operator speaks for a regulator").changed
    );
    let mornings = WeekTime { days: 0b001_1111, from_s: 0, until_s: 12 * 3600 };
    let told = HoldAsk { times: vec![mornings], ..hold(of_case, HoldKind::Inconvenient) };
    assert!(place(collector(), told).await.expect("a collector takes down what they were told").changed);
}
