//! The examples of `proto/policy.md` are packs.

use policy::pack::Owner;
use policy::{Pack, check_addition, packs, parse};

const PAGE: &str = include_str!("../../../proto/policy.md");

fn examples() -> Vec<Pack> {
    let blocks = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|text| parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))).collect()
}

#[test]
fn given_the_examples_of_the_page_when_read_then_they_are_packs() {
    let ids: Vec<String> = examples().into_iter().map(|pack| pack.id).collect();
    assert_eq!(ids, ["gentle", "reg-f-frequencies", "house-rules"]);
}

#[test]
fn given_the_additions_of_the_page_when_checked_then_they_are_taken() {
    let base = packs().expect("packs");
    for addition in examples().iter().filter(|pack| pack.owner != Owner::Platform) {
        assert_eq!(check_addition(addition, &base.iter().collect::<Vec<_>>()), Ok(()), "{}", addition.id);
    }
}

#[test]
fn given_every_key_that_is_read_when_looked_for_then_the_page_has_it() {
    let problem = |kind: &str| {
        let text = format!("[[{kind}]]\nid = \"r\"\nbogus = 1\n");
        let error = parse(&text).expect_err("an unknown key").to_string();
        let keys = error
            .split("one of the keys ")
            .find(|rest| rest.contains("got the key \"bogus\""))
            .map(str::to_owned);
        let keys = keys.unwrap_or_else(|| panic!("{error}"));
        keys.split(", got ").next().map(str::to_owned).unwrap_or_default()
    };
    for kind in [
        "frequency",
        "cool-down",
        "interval",
        "hours",
        "purpose",
        "lines",
        "fresh",
        "content",
        "shared",
        "consent",
    ] {
        assert!(PAGE.contains(&format!("### `[[{kind}]]`")), "{kind}");
        for key in problem(kind).split(", ") {
            assert!(PAGE.contains(&format!("`{key}")), "{kind}: {key}");
        }
    }
}
