//! `code`: the catalogue of refusals, compiled in.

use events::Code;
use serde_json::json;

use super::print;
use crate::cli::Format;
use crate::failure::Failure;

pub(super) fn run(code: &str, format: Format) -> Result<(), Failure> {
    let digits = code.strip_prefix(['F', 'f']).unwrap_or(code);
    let known = digits.parse().ok().map(Code).and_then(|code| code.page().map(|page| (code, page)));
    let (code, page) =
        known.ok_or_else(|| Failure::usage(format!("expected a code such as F0302, got {code:?}")))?;
    print(format, &json!({ "code": code.to_string(), "word": code.word(), "page": page }), |_| {
        page.to_owned()
    });
    Ok(())
}
