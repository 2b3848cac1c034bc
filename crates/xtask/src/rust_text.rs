//! Just enough of Rust's grammar to scan a source file: what is code, what is test-only, what `use` brings in.
//!
//! Everything keeps its line: what is left out becomes spaces.

/// A source file as the scan sees it.
#[derive(Debug)]
pub struct Code {
    /// The text without comments, without what stands in string and character literals, and without test-only items.
    pub text: String,
    /// Modules that are declared test-only and live in files of their own (`#[cfg(test)] mod tests;`).
    pub test_modules: Vec<String>,
}

/// A path that a `use` item names, groups and nesting taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// Segments joined with `::`, without a leading `::`; the last is `*` for a glob.
    pub path: String,
    /// Whether it is brought in under another name.
    pub renamed: bool,
    /// From 1.
    pub line: usize,
}

/// Leaves only the code that ends up in the program.
pub fn code(source: &str) -> Code {
    let mut bytes = source.as_bytes().to_vec();
    blank_comments_and_literals(&mut bytes);
    let mut test_modules = Vec::new();
    blank_test_items(&mut bytes, &mut test_modules);
    Code { text: String::from_utf8_lossy(&bytes).into_owned(), test_modules }
}

/// The line of a byte offset, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Whether a byte can be part of an identifier.
pub fn is_ident(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The offsets where `path` stands as whole identifiers: `rand::` is not found in `operand::`.
pub fn occurrences(text: &str, path: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let open_start = path.bytes().next().is_some_and(is_ident);
    let open_end = path.bytes().last().is_some_and(is_ident);
    text.match_indices(path)
        .map(|(at, _)| at)
        .filter(|at| !(open_start && *at > 0 && is_ident(bytes[at - 1])))
        .filter(|at| !(open_end && bytes.get(at + path.len()).is_some_and(|byte| is_ident(*byte))))
        .collect()
}

/// Every path of every `use` item in text that went through [`code`].
pub fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for at in occurrences(text, "use") {
        let start = at + "use".len();
        let Some(length) = text[start..].find(';') else { continue };
        if text[start..].starts_with(|next: char| next.is_whitespace()) {
            use_tree(text, start, start + length, "", &mut found);
        }
    }
    found
}

/// Takes apart `text[start..end]`, one tree of a `use` item, below `prefix`.
fn use_tree(text: &str, start: usize, end: usize, prefix: &str, found: &mut Vec<Import>) {
    let tree = &text[start..end];
    if let Some(open) = tree.find('{') {
        let Some(close) = tree.rfind('}') else { return };
        let prefix = joined(prefix, &tree[..open]);
        let mut depth = 0;
        let mut from = open + 1;
        for (index, byte) in tree.bytes().enumerate().take(close).skip(open + 1) {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b',' if depth == 0 => {
                    use_tree(text, start + from, start + index, &prefix, found);
                    from = index + 1;
                }
                _ => {}
            }
        }
        return use_tree(text, start + from, start + close, &prefix, found);
    }
    let (path, renamed) = match tree.split_once(" as ") {
        Some((path, _)) => (path, true),
        None => (tree, false),
    };
    // What follows a trailing comma.
    if path.trim().is_empty() {
        return;
    }
    let path = joined(prefix, path);
    let path = path.strip_suffix("::self").unwrap_or(&path).to_owned();
    let lead = tree.len() - tree.trim_start().len();
    found.push(Import { path, renamed, line: line_of(text, start + lead) });
}

/// `prefix::part`, without white space and without colons at either end.
fn joined(prefix: &str, part: &str) -> String {
    let part: String = part.chars().filter(|next| !next.is_whitespace()).collect();
    let part = part.trim_matches(':');
    match (prefix.is_empty(), part.is_empty()) {
        (true, _) => part.to_owned(),
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix}::{part}"),
    }
}

fn blank(bytes: &mut [u8], start: usize, end: usize) {
    let end = end.min(bytes.len());
    for byte in bytes.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn blank_comments_and_literals(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let follows_ident = at > 0 && is_ident(bytes[at - 1]);
        let length = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment(rest)
        } else if rest[0] == b'"' {
            quoted(rest, b'"')
        } else if rest[0] == b'\'' && is_char_literal(rest) {
            quoted(rest, b'\'')
        } else if let Some(length) = raw_string(rest).filter(|_| !follows_ident) {
            length
        } else {
            at += 1;
            continue;
        };
        blank(bytes, at, at + length);
        at += length.max(1);
    }
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of a literal that starts with its quote and may hold escapes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Tells `'a'` from the lifetime `'a`.
fn is_char_literal(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`, if one starts here.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let skip = usize::from(matches!(rest.first(), Some(b'b' | b'c')));
    let after = rest.get(skip..)?.strip_prefix(b"r")?;
    let hashes = after.iter().take_while(|byte| **byte == b'#').count();
    if after.get(hashes) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let start = skip + 1 + hashes + 1;
    let body = rest.get(start..)?;
    let length = body.windows(end.len()).position(|window| window == end).map(|at| at + end.len());
    Some(length.map_or(rest.len(), |length| start + length))
}

fn blank_test_items(bytes: &mut [u8], test_modules: &mut Vec<String>) {
    let mut at = 0;
    while at < bytes.len() {
        let Some((inner, end)) = attribute(bytes, at) else {
            at += 1;
            continue;
        };
        let text: String =
            bytes[at..end].iter().map(|byte| char::from(*byte)).filter(|c| !c.is_whitespace()).collect();
        let test_only = text.contains("[cfg(test)]") || text.contains("[cfg(all(test,");
        if test_only && inner {
            return blank(bytes, 0, bytes.len());
        }
        if test_only {
            let item_end = item(bytes, end, test_modules);
            blank(bytes, at, item_end);
            at = item_end;
        } else {
            at = end;
        }
    }
}

/// An attribute that starts here: whether it is an inner one (`#![…]`), and where it ends.
fn attribute(bytes: &[u8], at: usize) -> Option<(bool, usize)> {
    let rest = bytes.get(at..)?.strip_prefix(b"#")?;
    let inner = rest.first() == Some(&b'!');
    let open = at + 1 + usize::from(inner);
    if bytes.get(open) != Some(&b'[') {
        return None;
    }
    let mut depth = 0_usize;
    for (index, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return Some((inner, index + 1)),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The end of the item, field or arm after its attribute at `start`; notes a module that lives in another file.
fn item(bytes: &[u8], start: usize, test_modules: &mut Vec<String>) -> usize {
    let mut at = start;
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        match attribute(bytes, at) {
            Some((_, end)) => at = end,
            None => break,
        }
    }
    let first: Vec<u8> = bytes[at..].iter().copied().take_while(|byte| is_ident(*byte)).collect();
    // Only in items can a comma stand outside brackets (in generics): elsewhere it ends the field or the arm.
    let is_item = [
        "pub",
        "mod",
        "fn",
        "use",
        "struct",
        "enum",
        "impl",
        "const",
        "static",
        "type",
        "trait",
        "async",
        "unsafe",
        "extern",
        "macro_rules",
        "let",
        "union",
    ]
    .iter()
    .any(|word| word.as_bytes() == first);
    let mut depth = 0_usize;
    for (index, byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                if depth == 0 {
                    return index;
                }
                depth -= 1;
                if depth == 0 && *byte == b'}' {
                    return index + 1;
                }
            }
            b',' if depth == 0 && !is_item => return index + 1,
            b';' if depth == 0 => {
                let text = String::from_utf8_lossy(&bytes[at..index]).into_owned();
                if let Some((_, name)) = text.rsplit_once("mod ").filter(|_| !text.contains('=')) {
                    test_modules.push(name.trim().to_owned());
                }
                return index + 1;
            }
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::{code, imports, line_of, occurrences};

    #[test]
    fn given_comments_and_literals_when_read_then_only_code_is_left() {
        let source = "a(); // std::fs\n/* std::net /* nested */ std::env */ b();\nc(\"std::thread \\\" x\");\n\
                      d(r#\"std::fs \" \"#, br\"x\", 'x', '\\'', '界'); e::<'static>();\n";
        let text = code(source).text;
        for word in ["std", "x", "nested", "界"] {
            assert!(!text.contains(word), "{word} is left in {text}");
        }
        for word in ["a();", "b();", "c(", "d(", "e::<'static>();"] {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
        assert_eq!(text.lines().count(), source.lines().count());
    }

    #[test]
    fn given_test_only_items_when_read_then_they_are_left_out() {
        let source = "use a::b;\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  use c::d;\n  fn e() { f(); }\n}\nfn g() {}\n\
                      #[cfg(all(test, unix))] use h::i;\n#[cfg(test)] pub(crate) mod examples;\nfn j() {}\n\
                      struct K { #[cfg(test)] l: M, n: O }\n#[cfg(not(test))] fn p() {}";
        let code = code(source);
        for word in ["c::d", "f()", "h::i", "examples", "M"] {
            assert!(!code.text.contains(word), "{word} is left in {}", code.text);
        }
        for word in ["a::b", "fn g()", "fn j()", "n: O", "fn p()"] {
            assert!(code.text.contains(word), "{word} is missing in {}", code.text);
        }
        assert_eq!(code.test_modules, ["examples"]);
    }

    #[test]
    fn given_a_file_that_is_test_only_when_read_then_nothing_is_left() {
        assert_eq!(code("#![cfg(test)]\nuse std::fs;\n").text.trim(), "");
    }

    #[test]
    fn given_nested_use_trees_when_taken_apart_then_each_path_has_its_line() {
        let text = "use std::{\n    collections::{BTreeMap, HashMap},\n    time::*,\n};\npub use ::std as s;\nuse a::{self, b};";
        let found: Vec<(String, bool, usize)> =
            imports(text).into_iter().map(|one| (one.path, one.renamed, one.line)).collect();
        let expected = [
            ("std::collections::BTreeMap", false, 2),
            ("std::collections::HashMap", false, 2),
            ("std::time::*", false, 3),
            ("std", true, 5),
            ("a", false, 6),
            ("a::b", false, 6),
        ];
        assert_eq!(found, expected.map(|(path, renamed, line)| (path.to_owned(), renamed, line)));
    }

    #[test]
    fn given_a_longer_name_when_searched_then_it_is_not_taken_for_the_word() {
        assert_eq!(occurrences("operand::x rand::y", "rand::"), [11]);
        assert_eq!(occurrences("std::fsx std::fs", "std::fs"), [9]);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
