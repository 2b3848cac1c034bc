//! The stored format against its golden bytes and its description.
//!
//! A round trip through one's own decoder proves nothing about the format: both sides can change together.
//! So the bytes stand in `proto/golden` and never change; `decode.py`, which knows only
//! `proto/wire.md` and `proto/events.md`, reads them; and the description is compared with the Rust types.
//!
//! For a new event or version, describe it in `proto/events.md`, add it to the tables in
//! `golden/catalogue.rs`, then write its files once:
//! `FORBEAR_GOLDEN_NEW=1 cargo nextest run -p forbear-tests --test golden --run-ignored only`.

#[path = "golden/catalogue.rs"]
mod catalogue;
#[path = "golden/json.rs"]
mod json;
#[path = "golden/records.rs"]
mod records;
#[path = "golden/shape.rs"]
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use catalogue::{Frozen, Known, all};
use events::gate::GateEvent;
use events::ledger::LedgerEvent;
use events::{DecodeError, Decoded, Event, Record, RecordError};
use json::hex;
use shape::{Definitions, Shapes, described};

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto")
}

fn golden(name: &str, extension: &str) -> PathBuf {
    proto().join("golden").join(format!("{name}.{extension}"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| {
        panic!("{}: {error}; for a new event, see the head of tests/golden.rs", path.display())
    })
}

fn bytes_of(name: &str) -> Vec<u8> {
    let text = read(&golden(name, "hex"));
    let digits = text.trim_end();
    let pairs = (0..digits.len()).step_by(2).map(|index| u8::from_str_radix(&digits[index..index + 2], 16));
    pairs.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{name}.hex: {error}"))
}

/// Fails with both sides if `made` is not what is on disk.
#[track_caller]
fn assert_golden(path: &Path, made: &str) {
    let kept = read(path);
    assert!(
        kept == made,
        "{} differs. Golden bytes never change: make the change a new version.\n  kept: {}\n  made: {}",
        path.display(),
        kept.trim_end(),
        made.trim_end(),
    );
}

#[test]
fn every_version_in_the_catalogue_has_its_files_and_no_file_is_without_one() {
    let names = all().into_iter().map(|frozen| frozen.file()).chain(records::samples().into_keys());
    let expected: BTreeSet<_> =
        names.flat_map(|name| [format!("{name}.hex"), format!("{name}.json")]).collect();
    let listed = fs::read_dir(proto().join("golden")).expect("proto/golden");
    let found: BTreeSet<_> = listed
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("an ASCII name"))
        .collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty(), "not in proto/golden: {missing:?}; see the head of tests/golden.rs");
    assert!(unknown.is_empty(), "in proto/golden, but in no catalogue: {unknown:?}; released events stay");
}

#[test]
fn the_table_of_frozen_structs_is_the_catalogue() {
    let table: Vec<_> = all().iter().map(|frozen| (frozen.event_type, frozen.version, frozen.name)).collect();
    let mut catalogue = catalogue::services();
    catalogue.sort_unstable();
    assert_eq!(table, catalogue, "tests/golden/catalogue.rs must name every version that decode() knows");
}

#[test]
fn given_a_sample_when_encoded_then_it_is_the_golden_bytes() {
    for frozen in all().into_iter().filter(|frozen| frozen.newest) {
        assert_golden(&golden(&frozen.file(), "hex"), &(hex(&frozen.sample()) + "\n"));
    }
    for (name, bytes) in records::samples() {
        assert_golden(&golden(&name, "hex"), &(hex(&bytes) + "\n"));
    }
}

#[test]
fn given_golden_bytes_when_decoded_then_they_are_the_sample_and_its_fields() {
    for frozen in all() {
        let name = frozen.file();
        let bytes = bytes_of(&name);
        let read = (frozen.read)(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(hex(&read.encoded), hex(&bytes), "{name} encodes to other bytes than it was read from");
        assert_golden(&golden(&name, "json"), &frozen.document(read.payload).document());
        if frozen.newest {
            assert_eq!((frozen.decode)(&bytes), Ok(Known::Sample), "{name}");
        } else {
            assert!(matches!((frozen.decode)(&bytes), Ok(Known::Other(_))), "{name} is not upcast");
        }
    }
    for name in records::samples().into_keys() {
        let bytes = bytes_of(&name);
        let record = Record::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_golden(&golden(&name, "json"), &records::document(&record).document());
    }
}

/// Events of the gate's first versions, read from their golden bytes as the gate reads them.
fn former(name: &str) -> GateEvent {
    match GateEvent::decode(&bytes_of(name)) {
        Ok(Decoded::Known(event)) => event,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn given_the_gates_first_versions_when_decoded_then_they_are_what_they_meant() {
    let GateEvent::PolicyAdopted(adopted) = former("0301-v1-PolicyAdopted") else { panic!("another event") };
    let expected = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/0301-v1-as-pack.toml"));
    assert_eq!(adopted.pack, expected);

    let GateEvent::ContactLinked(linked) = former("0302-v1-ContactLinked") else { panic!("another event") };
    assert_eq!((linked.regions, linked.place), (Vec::new(), model::Place::Unknown));
    assert!(!linked.zones.is_empty(), "its zones are kept");

    let GateEvent::PermitReserved(reserved) = former("0305-v1-PermitReserved") else {
        panic!("another event")
    };
    assert_eq!((reserved.asked.also, reserved.asked.template), (Vec::new(), None));
    // The day left 1, seven days more.
    let tightest = reserved.tightest.expect("a count");
    let count = (tightest.count.counted, tightest.count.limit);
    assert_eq!((tightest.rule.as_str(), count), ("gate/day-cap", (2, 3)));

    let GateEvent::PermitRefused(refused) = former("0306-v1-PermitRefused") else { panic!("another event") };
    assert!(refused.reasons.iter().all(|reason| reason.rule.is_none()), "they had no names");
    let codes: Vec<_> = refused.reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, [events::Code::DAY_CAP, events::Code::NOT_PLACED]);
    assert_eq!(refused.reasons[0].limit, Some(3));

    let GateEvent::PermitSettled(settled) = former("0309-v1-PermitSettled") else { panic!("another event") };
    assert_eq!((settled.toward, settled.discussed, settled.given_back), (Vec::new(), Vec::new(), true));
}

#[test]
fn given_the_ledgers_first_version_when_decoded_then_it_has_no_region_and_keeps_the_rest() {
    let Ok(Decoded::Known(LedgerEvent::CaseOpened(former))) =
        LedgerEvent::decode(&bytes_of("0101-v1-CaseOpened"))
    else {
        panic!("another event")
    };
    let Ok(Decoded::Known(LedgerEvent::CaseOpened(mut newest))) =
        LedgerEvent::decode(&bytes_of("0101-v2-CaseOpened"))
    else {
        panic!("another event")
    };
    assert!(
        newest.parties.iter().flat_map(|party| &party.contacts).any(|contact| !contact.regions.is_empty())
    );
    for contact in newest.parties.iter_mut().flat_map(|party| &mut party.contacts) {
        contact.regions.clear();
    }
    assert_eq!(former, newest);
}

#[test]
fn given_a_trailing_byte_when_decoded_then_it_is_an_error() {
    for frozen in all() {
        let mut bytes = bytes_of(&frozen.file());
        bytes.push(0);
        let expected =
            DecodeError::Trailing { event_type: frozen.event_type.0, version: frozen.version, extra: 1 };
        assert_eq!((frozen.decode)(&bytes), Err(expected), "{}", frozen.file());
    }
}

#[test]
fn given_bytes_cut_off_anywhere_when_decoded_then_it_is_an_error() {
    for frozen in all() {
        let bytes = bytes_of(&frozen.file());
        for length in 0..bytes.len() {
            let result = (frozen.decode)(&bytes[..length]);
            let named = match result {
                Err(DecodeError::Short(got)) => got == length && length < events::codec::HEADER_LEN,
                Err(DecodeError::Payload { event_type, .. }) => event_type == frozen.event_type.0,
                _ => false,
            };
            assert!(named, "{}, first {length} bytes: {result:?}", frozen.file());
        }
    }
}

#[test]
fn given_a_type_or_version_of_a_newer_program_when_decoded_then_the_bytes_are_kept() {
    for frozen in all() {
        let bytes = bytes_of(&frozen.file());
        let (mut newer_type, mut newer_version) = (bytes.clone(), bytes);
        newer_type[1] = 0xff;
        newer_version[3..5].copy_from_slice(&u16::MAX.to_le_bytes());
        for bytes in [newer_type, newer_version] {
            assert_eq!((frozen.decode)(&bytes), Ok(Known::Unknown(bytes.clone())), "{}", frozen.file());
        }
    }
}

#[test]
fn given_a_damaged_golden_record_when_parsed_then_it_is_named() {
    for name in records::samples().into_keys() {
        let bytes = bytes_of(&name);
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(Record::parse(&longer), Err(RecordError::Length { .. })), "{name}");
        for index in 0..bytes.len() {
            assert!(Record::parse(&bytes[..index]).is_err(), "{name}, first {index} bytes");
            let mut flipped = bytes.clone();
            flipped[index] ^= 0x10;
            assert!(Record::parse(&flipped).is_err(), "{name}, byte {index} flipped");
        }
    }
}

#[test]
fn given_the_golden_records_when_read_as_a_log_then_they_are_one_chain() {
    records::check_chain(records::samples().into_keys().map(|name| bytes_of(&name)).collect());
}

/// Fields of the wire that no Rust type has: they are read by offset.
const BY_HAND: [&str; 4] = ["EventHeader", "RecordHeader", "RecordBody", "RecordedCommand"];

#[test]
fn the_description_is_that_of_the_rust_types() {
    let mut shapes = Shapes::default();
    let mut expected = Definitions::new();
    for frozen in all() {
        let key = format!("event 0x{:04x} v{} {}", frozen.event_type.0, frozen.version, frozen.name);
        expected.insert(key, shape::tokens(&(frozen.shape)(&mut shapes)).join(" "));
    }
    shapes.learn::<events::Envelope>();
    expected.extend(shapes.definitions());

    let mut found = described(&read(&proto().join("wire.md")), "wire.md");
    for (name, definition) in described(&read(&proto().join("events.md")), "events.md") {
        assert_eq!(found.insert(name.clone(), definition), None, "{name} is described twice");
    }
    for name in BY_HAND {
        assert!(found.remove(name).is_some(), "{name} is not described in wire.md");
    }
    for (name, definition) in &expected {
        let described = found.remove(name);
        assert_eq!(
            described.as_deref(),
            Some(definition.as_str()),
            "{name}: described (left), in Rust (right)"
        );
    }
    assert_eq!(found, BTreeMap::new(), "described, but no event has these");
}

/// Runs the decoder that knows only the description.
fn python(files: &[PathBuf]) -> Output {
    let python = std::env::var_os("FORBEAR_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("decode.py");
    let output = Command::new(&python).arg(script).args(files).output();
    output.unwrap_or_else(|error| {
        panic!("{}: {error}; install Python 3.9 or set FORBEAR_PYTHON", python.display())
    })
}

fn golden_names() -> Vec<String> {
    all().iter().map(Frozen::file).chain(records::samples().into_keys()).collect()
}

#[test]
fn given_golden_bytes_when_decoded_by_the_description_alone_then_the_fields_are_the_same() {
    let names = golden_names();
    let output = python(&names.iter().map(|name| golden(name, "hex")).collect::<Vec<_>>());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    // A document ends with the one closing brace at the start of a line.
    let mut documents = printed.split_inclusive("\n}\n");
    for name in &names {
        assert_golden(&golden(name, "json"), documents.next().unwrap_or_default());
    }
    assert_eq!(documents.next(), None, "more documents than files");
}

#[test]
fn given_damaged_bytes_when_decoded_by_the_description_alone_then_each_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut files = Vec::new();
    let mut keep = |name: String, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, hex(bytes)).expect("a file");
        files.push(path);
    };
    for name in golden_names() {
        let bytes = bytes_of(&name);
        keep(format!("{name}-longer"), &[bytes.as_slice(), &[0]].concat());
        keep(format!("{name}-shorter"), &bytes[..bytes.len() - 1]);
        if name.starts_with("record-") {
            let mut flipped = bytes;
            flipped[70] ^= 1;
            keep(format!("{name}-flipped"), &flipped);
        }
    }
    let output = python(&files);
    assert!(output.stdout.is_empty(), "printed: {}", String::from_utf8_lossy(&output.stdout));
    let errors = String::from_utf8_lossy(&output.stderr);
    for file in &files {
        let refused = errors.lines().any(|line| line.starts_with(&format!("{}: ", file.display())));
        assert!(refused, "{} was not refused: {errors}", file.display());
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn given_an_unknown_event_when_decoded_by_the_description_alone_then_it_stays_hex() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("unknown");
    fs::write(&path, "01017f0900abcd\n").expect("a file");
    let output = python(&[path]);
    let expected = "{\n  \"type\": \"0x7f01\",\n  \"version\": 9,\n  \"unknown\": \"01017f0900abcd\"\n}\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
#[ignore = "writes files, and only if FORBEAR_GOLDEN_NEW=1"]
fn create_files_of_new_events() {
    if std::env::var_os("FORBEAR_GOLDEN_NEW").is_none_or(|value| value != "1") {
        return;
    }
    for frozen in all().into_iter().filter(|frozen| frozen.newest) {
        let bytes = frozen.sample();
        let read = (frozen.read)(&bytes).expect("a sample decodes");
        create_new(&frozen.file(), &bytes, &frozen.document(read.payload).document());
    }
    for (name, bytes) in records::samples() {
        let record = Record::parse(&bytes).expect("a sample parses");
        create_new(&name, &bytes, &records::document(&record).document());
    }
}

/// Never touches a file that exists.
fn create_new(name: &str, bytes: &[u8], document: &str) {
    for (extension, content) in [("hex", hex(bytes) + "\n"), ("json", document.to_owned())] {
        let path = golden(name, extension);
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => file.write_all(content.as_bytes()).expect("written"),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}
