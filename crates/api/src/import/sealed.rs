//! What is sealed of a case, and under which names. The names and forms are part of the stored format.

/// Field of [`PartyV2::sealed`](events::ledger::PartyV2): name, and after a unit separator the identity number.
pub(crate) const IDENTITY: &str = "identity";
/// Field of [`ContactV2::sealed`](events::ledger::ContactV2): the number in E.164.
pub(crate) const PHONE: &str = "phone";
/// Field of [`CaseOpenedV2::reference_sealed`](events::ledger::CaseOpenedV2), under the key of the first party.
pub(crate) const REFERENCE: &str = "reference";

const SEPARATOR: char = '\u{1f}';

/// Appends name and identity number as they are sealed.
pub(super) fn put_identity(out: &mut Vec<u8>, name: &str, id: Option<&str>) {
    out.extend_from_slice(name.as_bytes());
    if let Some(id) = id {
        out.push(SEPARATOR as u8);
        out.extend_from_slice(id.as_bytes());
    }
}

/// The name in what was sealed. The identity number is not for anybody's screen.
pub(crate) fn name_in(identity: &[u8]) -> String {
    let text = String::from_utf8_lossy(identity);
    text.split(SEPARATOR).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_reads_back_without_the_identity_number() {
        for id in [None, Some("110101199001011234")] {
            let mut sealed = Vec::new();
            put_identity(&mut sealed, "王小明", id);
            assert_eq!(name_in(&sealed), "王小明");
        }
    }
}
