//! Reading bodies once: the tape takes what serde_json takes and gives what it gives.

use crate::eps::tape::{Compact, Kind, Tape};
use crate::eps::wire::{Bundle, Parameters};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::fmt::Debug;

/// A text with everything that JSON has.
const TEXT: &str = "{\"a\":[1,-0,0.5e+3,-2E-1,true,false,null,\"\",\"é\\u00e9\\ud83d\\ude00 a long text of no meaning\\\\\",{}],\
    \" \":{\"resourceType\":\"\\n\",\"entry\":[[],{\"resource\":{\"name\":\"x\",\"identifier\":{\"value\":\"y\"}}}]},\"z\":12345678901234567890}";

/// The same as serde_json on one text, as a tree, as nothing, and as the shapes of messages.
fn agrees(text: &str) {
    fn same<'t, T: Deserialize<'t> + Debug>(text: &'t str) {
        let tape = Tape::read(text);
        let own = tape.as_ref().and_then(|t| T::deserialize(t.root()).ok());
        let known = serde_json::from_str::<T>(text).ok();
        assert_eq!(format!("{own:?}"), format!("{known:?}"), "{text}");
    }
    same::<Value>(text);
    same::<IgnoredAny>(text);
    same::<Bundle<'_>>(text);
    same::<Parameters<'_>>(text);
}

#[test]
fn a_tape_takes_and_gives_what_serde_json_does() {
    agrees(TEXT);
    let spaced = serde_json::to_string_pretty(&serde_json::from_str::<Value>(TEXT).unwrap()).unwrap();
    for text in [TEXT, &format!("\r\n\t {spaced} ")] {
        for (at, _) in text.char_indices() {
            agrees(&text[..at]);
            agrees(&text[at..]);
            for other in [
                "", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "+", "u", "n", "\u{1}",
                "\u{7f}", " ", "é",
            ] {
                agrees(&format!("{}{other}{}", &text[..at], &text[at..]));
                let next = at + text[at..].chars().next().map_or(0, char::len_utf8);
                agrees(&format!("{}{other}{}", &text[..at], &text[next..]));
            }
        }
    }
}

#[test]
fn shapes_take_one_or_many_and_refuse_what_they_refuse() {
    for entry in [
        "[]",
        "{}",
        "[[]]",
        "[[\"u\",{}]]",
        "[[\"u\",{},1]]",
        "null",
        "7",
        "-7",
        "\"x\"",
        "[{\"fullUrl\":\"a\",\"fullUrl\":\"b\"}]",
        "[{\"full\\u0055rl\":\"a\\n\"}]",
        "[{\"fullUrl\":\"\\ud800\"}]",
        "[{\"other\":\"\\ud800\"}]",
        "[{\"other\":1e999}]",
        "[{\"resource\":{\"extension\":[{\"valueInteger\":1.0}]}}]",
        "[{\"resource\":{\"extension\":[{\"valueInteger\":null}]}}]",
        "[{\"resource\":{\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":28}}}}]",
        "[{\"resource\":{\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":1e999}}}}]",
        "[{\"resource\":{\"name\":[{}],\"date\":{\"x\":[1]}}}]",
    ] {
        agrees(&format!("{{\"entry\":{entry},\"type\":\"message\"}}"));
    }
    for depth in [60, 61, 62, 63, 64, 100, 126, 127, 128, 129, 100_000] {
        agrees(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        agrees(&format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
        let extensions = "{\"extension\":[".repeat(depth.min(200));
        agrees(&format!("{{\"entry\":[{{\"resource\":{extensions}{}}}]}}", "]}".repeat(depth.min(200))));
    }
}

#[test]
fn values_are_found_by_name_the_last_of_several() {
    let tape = Tape::read(TEXT).unwrap();
    let inner = tape.root().get(" ").unwrap();
    assert!(inner.get("resourceType").unwrap().is("\n") && inner.get("absent").is_none());
    assert_eq!(inner.get("entry").unwrap().elements().count(), 2);
    assert_eq!((inner.kind(), inner.elements().count(), inner.members().count()), (Kind::Object, 0, 2));
    assert_eq!(tape.root().get("a").unwrap().get("a").map(|n| n.kind()), None);
    let twice = Tape::read("{\"a\":1,\"b\":2,\"\\u0061\":3}").unwrap();
    assert_eq!(twice.root().get("a").unwrap().raw(), "3");
}

#[test]
fn a_compact_copy_has_no_space_but_inside_strings_and_what_was_put_between() {
    let text = " { \"a b\" : [ 1 , 2 ] ,\n\"c\": { } } ";
    let tape = Tape::read(text).unwrap();
    let mut copy = Compact::new(&tape, 2);
    copy.to(tape.root().get("a b").unwrap().end() - 1);
    copy.put(&[b",", b"3"]);
    assert_eq!(copy.finish(), "{\"a b\":[1,2,3],\"c\":{}}");
    assert!(!tape.is_compact() && Tape::read("{\"a\":\" \"}").unwrap().is_compact());
}
