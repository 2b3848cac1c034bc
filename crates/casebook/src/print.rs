//! A report for people.

use std::fmt;

use crate::report::{Answer, ContactSays, Report, RuleSays, Says};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packs: Vec<String> =
            self.packs.iter().map(|pack| format!("{} {}", pack.id, pack.version)).collect();
        writeln!(f, "Judged by {}.", packs.join(", "))?;
        for note in &self.notes {
            writeln!(f, "Line {}: {}.", note.line, note.text)?;
        }
        self.answers.iter().try_for_each(|answer| write!(f, "\n{answer}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Line {}: {}", self.line, self.question)?;
        write!(f, "  {}", self.verdict.word().to_uppercase())?;
        if let Some(counted) = self.counted {
            write!(f, " {counted}")?;
        }
        if let Some(at) = &self.at {
            write!(f, " at {} {}", at.local, at.zone)?;
        }
        if let Some(next) = &self.next_allowed {
            write!(f, "; next allowed {}", next.local)?;
        }
        writeln!(f)?;
        rules(f, &self.rules, "    ")?;
        for contact in &self.contacts {
            let ContactSays { line, at, verdict, .. } = contact;
            writeln!(f, "    line {line}, {}: {}", at.local, verdict.word())?;
            rules(f, &contact.rules, "      ")?;
        }
        for factor in &self.factors {
            writeln!(f, "    to be weighed: line {}: {}", factor.line, factor.text)?;
        }
        for met in &self.expectations {
            match met.met {
                true => writeln!(f, "  as expected in line {}: {}", met.line, met.expected)?,
                false => {
                    writeln!(f, "  NOT AS EXPECTED in line {}: {}; got {}", met.line, met.expected, met.got)?
                }
            }
        }
        Ok(())
    }
}

fn rules(f: &mut fmt::Formatter<'_>, rules: &[RuleSays], indent: &str) -> fmt::Result {
    for rule in rules {
        let says = match rule.says {
            Says::Refuses => "refuses",
            Says::Flags => "flags",
            Says::Excepted => "does not apply: an exception",
            Says::Allows => "allows",
        };
        write!(f, "{indent}{} {says}", rule.rule)?;
        if matches!(rule.says, Says::Refuses | Says::Flags) {
            write!(f, " ({} {})", rule.code, rule.word)?;
        }
        if let (Some(counted), Some(limit)) = (rule.counted, rule.limit) {
            write!(f, ": {counted} counted, at most {limit}")?;
        }
        if !rule.lines.is_empty() {
            write!(f, " [{}]", listed(&rule.lines))?;
        }
        if let Some(detail) = &rule.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(next) = &rule.next_allowed {
            write!(f, "; next {}", next.local)?;
        }
        writeln!(f)?;
        if let (Some(source), true) = (&rule.source, matches!(rule.says, Says::Refuses | Says::Flags)) {
            writeln!(f, "{indent}  {source}")?;
        }
    }
    Ok(())
}

/// `line 5, line 6 six times`.
fn listed(lines: &[usize]) -> String {
    let mut counted: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        match counted.iter_mut().find(|(known, _)| known == line) {
            Some((_, times)) => *times += 1,
            None => counted.push((*line, 1)),
        }
    }
    let one = |(line, times): &(usize, usize)| match times {
        1 => format!("line {line}"),
        times => format!("line {line} {times} times"),
    };
    counted.iter().map(one).collect::<Vec<_>>().join(", ")
}
