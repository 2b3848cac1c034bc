//! In Chinese: called people read it.

use model::{Channel, Purpose, Role};

use crate::notation::{clock, day_runs};
use crate::pack::{
    Applies, ConsentTerms, Content, CoolDown, Counted, Effect, Element, Frequency, Fresh, Hours, Kind, Lines,
    Owner, Pack, PurposeRule, Reading, Rule, Who, Window,
};
use crate::sets::{ChannelSet, Day, DaySet, Exception, Exceptions, Key, PurposeSet, RoleSet, Scope};
use crate::span::Span;

pub(super) fn pack(pack: &Pack) -> String {
    let mut text = format!("{} 第{}版：{}\n", pack.id, pack.version, pack.title);
    let until = pack.until.map_or_else(String::new, |day| format!("至{day}"));
    let place = match &pack.applies {
        Applies::Everywhere => "适用于所有地区".to_owned(),
        Applies::Otherwise => "适用于平台没有专门规则包的地区".to_owned(),
        Applies::Regions(regions) => format!("适用于{}", list(regions.iter().map(|region| region.as_str()))),
    };
    let owner = match pack.owner {
        Owner::Platform => "平台".to_owned(),
        Owner::Lender(lender) => format!("贷款机构{lender}"),
        Owner::Agency(agency) => format!("催收机构{agency}"),
    };
    text += &format!("自{}{until}起施行，{place}；由{owner}制定。\n", pack.effective);
    if let Some(note) = &pack.note {
        text += note;
        text += "\n";
    }
    for terms in &pack.consents {
        text += &format!("\n{}\n", consent(terms));
    }
    for rule in &pack.rules {
        text += &format!("\n{}：{}\n  依据：{}{}\n", rule.id, self::rule(rule), rule.source, read(rule.read));
        if let Some(note) = &rule.note {
            text += &format!("  说明：{}\n", note.replace('\n', "\n  "));
        }
    }
    text
}

const fn read(read: Reading) -> &'static str {
    match read {
        Reading::Primary => "（已读原文）",
        Reading::Secondary => "（据二手资料）",
        Reading::Derived => "（由原文推导）",
        Reading::Unverified => "（未经核实：平台出于谨慎而设，并非法律表述）",
    }
}

fn consent(terms: &ConsentTerms) -> String {
    let days = terms.at_most_days.map(|days| format!("自同意当日起至多{days}个自然日"));
    let talk = terms.ends_with_conversation.then(|| "就该债务再次通话即告终止".to_owned());
    let terms: Vec<String> = days.into_iter().chain(talk).collect();
    format!("本人同意的效力：{}。", terms.join("；"))
}

pub(super) fn rule(rule: &Rule) -> String {
    let demand = match &rule.kind {
        Kind::Frequency(terms) => frequency(terms),
        Kind::CoolDown(terms) => cool_down(terms),
        Kind::Interval(terms) => format!(
            "{}，两次联系尝试至少间隔{}{}",
            counted_by(terms.scope),
            duration(terms.least_ms),
            except(terms.except)
        ),
        Kind::Hours(terms) => hours(terms),
        Kind::Purpose(terms) => purpose(terms),
        Kind::Lines(terms) => lines(terms),
        Kind::Fresh(terms) => fresh(terms),
        Kind::Content(terms) => content(terms),
        Kind::Shared(terms) => {
            format!("被超过{}名互不相关的借款人填写的号码，核实之前不得联系", terms.most)
        }
    };
    let flag = if rule.effect == Effect::Flag { "（仅作提示，不予拒绝）" } else { "" };
    format!("{}：{demand}{flag}。", subject(&rule.who))
}

fn subject(who: &Who) -> String {
    let mut parts = Vec::new();
    if who.roles != RoleSet::ALL {
        parts.push(format!("对{}", some(who.roles.words(), Role::ALL, role, "任何人")));
    }
    if who.purposes != PurposeSet::ALL {
        parts.push(format!("用于{}", some(who.purposes.words(), Purpose::ALL, aim, "任何目的")));
    }
    let of = if parts.is_empty() { "" } else { "的" };
    let channels = match who.channels == ChannelSet::ALL {
        true if parts.is_empty() => "任何".to_owned(),
        true => String::new(),
        false => list(who.channels.words().map(channel)),
    };
    format!("{}{of}{channels}联系", parts.join("、"))
}

fn frequency(terms: &Frequency) -> String {
    let counted = match terms.count {
        Counted::Attempts => "联系尝试",
        Counted::Unanswered => "未能通话的联系尝试",
        Counted::Communications => "有效沟通（通话或送达）",
    };
    let (by, during, except) = (counted_by(terms.scope), during(terms.window), except(terms.except));
    format!("{by}，{during}最多{}次{counted}{except}", terms.limit)
}

fn cool_down(terms: &CoolDown) -> String {
    let by = counted_by(terms.scope);
    let after = match terms.window {
        Window::Days(1) => "当日".to_owned(),
        Window::Days(days) => format!("当日及其后{}个自然日内", days - 1),
        Window::Week => "所在的自然周内".to_owned(),
        Window::Month => "所在的自然月内".to_owned(),
        Window::RollingMs(ms) => format!("之后{}内", duration(ms)),
        Window::Ever => "之后".to_owned(),
    };
    let consented = if terms.except.has(Exception::Consented) { "，本人同意的除外" } else { "" };
    format!("{by}，通话（不论由谁发起）{after}不得再联系{consented}")
}

fn hours(terms: &Hours) -> String {
    let mut text = format!("仅限{}", list(terms.open.iter().map(span)));
    if !terms.holidays.is_empty() {
        let days = list(terms.holidays.iter().map(ToString::to_string));
        text += &match terms.holiday_open.is_empty() {
            true => format!("，{days}不得联系"),
            false => format!("，{days}仅限{}", list(terms.holiday_open.iter().map(span))),
        };
    }
    text += "（按本人可能所在的每个时区的当地时间）";
    if terms.unless_consented {
        text += "，本人同意在该时间联系的除外";
    }
    text
}

fn span(span: &Span) -> String {
    let days = match span.days == DaySet::ALL {
        true => "每天".to_owned(),
        false => list(day_runs(span.days).into_iter().map(|(first, last)| match first == last {
            true => day(first).to_owned(),
            false => format!("{}至{}", day(first), day(last)),
        })),
    };
    format!("{days}{}至{}", clock(span.from_s), clock(span.until_s))
}

fn purpose(terms: &PurposeRule) -> String {
    let mut parts = Vec::new();
    if terms.allowed == PurposeSet::NONE {
        parts.push("一律不得联系".to_owned());
    } else if terms.allowed != PurposeSet::ALL {
        parts.push(format!("仅限用于{}", list(terms.allowed.words().map(aim))));
    }
    if terms.confirmed != PurposeSet::NONE {
        parts.push(format!("{}须先经本人确认知情并同意", list(terms.confirmed.words().map(aim))));
    }
    if let Some(out) = terms.debtor_out_of_contact {
        parts.push(format!(
            "{}仅限债务人失联期间（其全部号码失效，或连续{}个自然日每日至少{}次联系失败）",
            list(out.purposes.words().map(aim)),
            out.days,
            out.tries
        ));
    }
    parts.join("；")
}

fn lines(terms: &Lines) -> String {
    let registered = terms.registered.then(|| "主叫号码须登记在该催收机构名下".to_owned());
    let most = terms.most.map(|most| {
        format!("{}，{}最多使用{most}个不同的主叫号码", counted_by(terms.scope), during(terms.window))
    });
    registered.into_iter().chain(most).collect::<Vec<_>>().join("；")
}

fn fresh(terms: &Fresh) -> String {
    let ways = [
        (terms.by_message, "由该处发来的消息"),
        (terms.by_consent, "本人同意在该处被联系"),
        (terms.by_check, "号码重新分配数据库的核验"),
    ];
    let ways: Vec<&str> = ways.into_iter().filter(|(counts, _)| *counts).map(|(_, way)| way).collect();
    let place = if terms.at_work { "对工作场所的号码或地址，" } else { "" };
    format!("{place}仅限最近{}天内经{}证明仍属本人的号码或地址", terms.within_days, ways.join("或"))
}

fn content(terms: &Content) -> String {
    let mut parts = Vec::new();
    if terms.template {
        parts.push("须使用已批准的模板".to_owned());
    }
    if !terms.require.is_empty() {
        let elements = list(terms.require.iter().map(|element| match element {
            Element::Sender => "发送方",
            Element::OptOut => "停止联系的方法",
            Element::OwesNothing => "对方不欠任何债务",
        }));
        parts.push(format!("文本须写明{elements}"));
    }
    if !terms.forbid.is_empty() {
        parts.push(format!("文本不得含有{}", list(terms.forbid.iter())));
    }
    parts.join("；")
}

fn except(except: Exceptions) -> String {
    let which = list(except.words().map(|exception| match exception {
        Exception::Unconnected => "未接通的",
        Exception::Consented => "本人同意的",
    }));
    if which.is_empty() { String::new() } else { format!("，{which}不计") }
}

fn during(window: Window) -> String {
    match window {
        Window::Days(1) => "同一自然日内".to_owned(),
        Window::Days(days) => format!("连续{days}个自然日内"),
        Window::Week => "同一自然周内".to_owned(),
        Window::Month => "同一自然月内".to_owned(),
        Window::RollingMs(ms) => format!("{}内", duration(ms)),
        Window::Ever => "总共".to_owned(),
    }
}

fn duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(3_600_000, "小时"), (60_000, "分钟"), (1_000, "秒")];
    let unit = UNITS.into_iter().find(|(unit_ms, _)| ms % unit_ms == 0);
    unit.map_or_else(|| format!("{ms}毫秒"), |(unit_ms, unit)| format!("{}{unit}", ms / unit_ms))
}

fn counted_by(scope: Scope) -> String {
    let phrase = |key| match key {
        Key::ContactPoint => "同一号码或地址",
        Key::Person => "同一人",
        Key::Debt => "同一笔债务",
        Key::Case => "同一案件",
        Key::Lender => "同一贷款机构",
        Key::Agency => "同一催收机构",
    };
    format!("按{}计", list(scope.words().map(phrase)))
}

const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "电话",
        Channel::Sms => "短信",
        Channel::Email => "电子邮件",
        Channel::Letter => "信函",
        Channel::Visit => "上门",
        Channel::App => "应用内消息",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Debtor => "债务人",
        Role::CoDebtor => "共同债务人",
        Role::Guarantor => "担保人",
        Role::EmergencyContact => "紧急联系人",
        Role::OtherThirdParty => "其他第三人",
        Role::Attorney => "律师",
    }
}

const fn aim(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Collect => "谈债务",
        Purpose::Locate => "询问债务人的联系方式",
        Purpose::ConsentNotice => "征求同意的通知",
        Purpose::Reply => "答复",
        Purpose::RequiredNotice => "法律要求的通知",
        Purpose::StopReceipt => "停止联系的回执",
    }
}

const fn day(day: Day) -> &'static str {
    match day {
        Day::Mon => "周一",
        Day::Tue => "周二",
        Day::Wed => "周三",
        Day::Thu => "周四",
        Day::Fri => "周五",
        Day::Sat => "周六",
        Day::Sun => "周日",
    }
}

/// The words, or `all but` the ones left out where those are fewer.
fn some<T: Copy + PartialEq>(
    words: impl Iterator<Item = T>,
    all: &[T],
    name: fn(T) -> &'static str,
    everything: &str,
) -> String {
    let words: Vec<T> = words.collect();
    let left_out: Vec<T> = all.iter().copied().filter(|one| !words.contains(one)).collect();
    if left_out.len() < words.len() {
        return format!("除{}以外的{everything}", list(left_out.into_iter().map(name)));
    }
    list(words.into_iter().map(name))
}

/// `a、b、c`.
fn list<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let words: Vec<T> = words.collect();
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("、")
}
