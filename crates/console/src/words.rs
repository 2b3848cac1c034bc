//! The words that several pages use, in both languages.

mod codes;

use api::Principal;
use events::gate::{ConsentAnswer, StopSource};
use model::{Channel, Outcome, Purpose, Role};

use crate::language::{Text, text};

pub(crate) use codes::{code, short};

pub(crate) const OWES_NOTHING: Text = text("不欠任何债务", "owes nothing");

pub(crate) const fn role(role: Role) -> Text {
    match role {
        Role::Debtor => text("债务人", "debtor"),
        Role::CoDebtor => text("共同债务人", "co-debtor"),
        Role::Guarantor => text("担保人", "guarantor"),
        Role::EmergencyContact => text("紧急联系人", "emergency contact"),
        Role::OtherThirdParty => text("其他第三人", "other third party"),
        Role::Attorney => text("律师", "attorney"),
    }
}

pub(crate) const fn channel(channel: Channel) -> Text {
    match channel {
        Channel::Call => text("电话", "call"),
        Channel::Sms => text("短信", "text message"),
        Channel::Email => text("电子邮件", "email"),
        Channel::Letter => text("信函", "letter"),
        Channel::Visit => text("上门", "visit"),
        Channel::App => text("应用内消息", "app message"),
    }
}

pub(crate) const fn purpose(purpose: Purpose) -> Text {
    match purpose {
        Purpose::Collect => text("谈债务", "about the debt"),
        Purpose::Locate => text("询问债务人的联系方式", "to ask where the debtor can be reached"),
        Purpose::ConsentNotice => text("征求同意的通知", "the notice that asks for consent"),
        Purpose::Reply => text("答复对方", "to answer what the person began"),
        Purpose::RequiredNotice => text("法定通知", "a notice that the law requires"),
        Purpose::StopReceipt => text("停止联系的回执", "the receipt for a request to stop"),
    }
}

pub(crate) const fn outcome(outcome: Outcome) -> Text {
    match outcome {
        Outcome::Conversation => text("已通话", "conversation"),
        Outcome::AnsweredDropped => text("接通后挂断", "answered, then dropped"),
        Outcome::NoAnswer => text("无人接听", "no answer"),
        Outcome::Voicemail => text("语音信箱", "voicemail"),
        Outcome::Busy => text("占线", "busy"),
        Outcome::NotInService => text("空号或停机", "not in service"),
        Outcome::Unknown => text("不清楚", "not known"),
        Outcome::Delivered => text("已送达", "delivered"),
        Outcome::Undelivered => text("未送达", "not delivered"),
    }
}

pub(crate) const fn answer(answer: ConsentAnswer) -> Text {
    match answer {
        ConsentAnswer::Confirmed => text("知道并同意", "knows and agrees"),
        ConsentAnswer::Refused => text("不同意", "does not agree"),
        ConsentAnswer::UnknownDebtor => text("不认识债务人", "does not know the debtor"),
    }
}

pub(crate) const fn stop_source(source: StopSource) -> Text {
    match source {
        StopSource::CalledPerson => text("本人", "the person themselves"),
        StopSource::Collector => text("催收员代为登记", "a collector who was told"),
        StopSource::Operator => text("平台运营者", "the operator"),
        StopSource::Regulator => text("监管机构", "a regulator"),
    }
}

/// What somebody is signed in as; `None`: nobody.
pub(crate) const fn principal(principal: &Principal) -> Option<Text> {
    Some(match principal {
        Principal::Operator => text("运营者", "Operator"),
        Principal::Lender(_) => text("出借机构", "Lender"),
        Principal::Agency(_) => text("催收机构", "Agency"),
        Principal::Collector(..) => text("催收员", "Collector"),
        Principal::Supervisor(_) => text("督导", "Supervisor"),
        Principal::Trunk => text("中继线路", "Trunk"),
        Principal::CalledPerson(_) => text("号码持有人", "Holder of the number"),
        Principal::Anonymous => return None,
    })
}
