//! The update that reads a part of a record against a plain one that parses all of it, applies the patch with the
//! `json-patch` library, checks everything and writes everything: random patches must get equal bytes from both.

use super::*;
use crate::pds::json::Json;
use crate::pds::{history, index, patch, record, refuse::Refusal, rules, terms};
use bytes::Bytes;
use hub_store::{Delete, Put};
use jiff::civil::date;

/// Whose records are patched: with everything, with nothing, and dead.
const NUMBERS: [&str; 4] = ["9000000009", "9000000033", "9000000017", "9000000041"];

/// Choices that are the same in every run.
struct Dice(Ids);

impl Dice {
    fn below(&self, n: usize) -> usize {
        (self.0.bits() % n as u128) as usize
    }

    fn of<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn value(&self, record: &Value) -> Value {
        match self.below(14) {
            0 => json!(null),
            1 => json!(3),
            2 => json!("2001-02-03"),
            3 => json!("2024-05-06T07:08:09+00:00"),
            4 => json!("unknown"),
            5 => json!(""),
            6 => json!(["Ro", "Two Words", ""]),
            7 => json!({"start": "2020-01-01"}),
            8 => json!("Wathgrove."),
            9 => record.clone()["name"].take(),
            10 => json!("home"),
            11 => json!("FQ3K7"),
            _ => self.item(record),
        }
    }

    /// An item of a list of the record, a little changed.
    fn item(&self, record: &Value) -> Value {
        let list = self.of(&terms::LISTS);
        let mut item = match record[*list].as_array() {
            Some(items) if !items.is_empty() => self.of(items).clone(),
            _ => json!({"use": "temp", "family": "Fell", "system": "phone", "value": "01632960001"}),
        };
        if let Some(members) = item.as_object_mut() {
            let names: Vec<String> = members.keys().cloned().collect();
            for _ in 0..self.below(3) {
                match self.below(3) {
                    0 => drop(members.remove(self.of(&names))),
                    1 => drop(members.remove("id")),
                    _ => drop(members.insert(self.of(&names).clone(), self.value(&json!({})))),
                }
            }
        }
        item
    }

    fn patches(&self, record: &Value) -> Vec<Value> {
        let mut patches = Vec::new();
        let mut add = |op: &str, path: String, value: Value| {
            patches.push(json!({"op": op, "path": path, "value": value}));
        };
        for _ in 0..=self.below(3) {
            let list = *self.of(&terms::LISTS);
            let items = record[list].as_array().cloned().unwrap_or_default();
            let at = self.below(items.len().max(1) + usize::from(self.below(9) == 0));
            let item = items.get(at).cloned().unwrap_or_default();
            let key = if list == "extension" { "url" } else { "id" };
            let op = *self.of(&["add", "replace", "remove", "test"]);
            match self.below(9) {
                0 => add(op, format!("/{}", self.of(&terms::UPDATABLE)), self.value(record)),
                1 => add("add", format!("/{list}/-"), self.item(record)),
                2 => {
                    add("test", format!("/{list}/{at}/{key}"), item[key].clone());
                    add("remove", format!("/{list}/{at}"), Value::Null);
                }
                3 => add("replace", format!("/{list}/{at}"), self.item(record)),
                4 => {
                    let tokens = ["0", "-", "01", "id", "line", "use", "~1", "~2", "", "extension", "+0"];
                    let token = || *self.of(&tokens);
                    add(op, format!("/{list}/{}/{}/{}", token(), token(), token()), self.value(record));
                }
                5 => {
                    let sound = [
                        ("name", "family", "Wathgrove"),
                        ("name", "given", "Ro"),
                        ("address", "postalCode", "ZZ99 3VZ"),
                        ("telecom", "value", "07700900001"),
                    ];
                    let (list, member, value) = self.of(&sound);
                    let at = self.below(3);
                    add("replace", format!("/{list}/{at}/id"), record[list][at]["id"].clone());
                    let value = if *member == "given" { json!([value]) } else { json!(value) };
                    add("add", format!("/{list}/{at}/{member}"), value);
                }
                6 => {
                    let sound = [("gender", "male"), ("gender", "unknown"), ("birthDate", "1999-08-07")];
                    let (element, value) = self.of(&sound);
                    add("add", format!("/{element}"), json!(value));
                }
                7 => add("test", format!("/{list}/{at}"), item),
                _ => {
                    add("replace", format!("/{list}/{at}/{key}"), item[key].clone());
                    let names: Vec<String> =
                        item.as_object().into_iter().flat_map(|o| o.keys().cloned()).collect();
                    let name = if names.is_empty() { "use" } else { self.of(&names) };
                    let deeper = *self.of(&["", "", "/0", "/-", "/start", "/0/url"]);
                    add(op, format!("/{list}/{at}/{name}{deeper}"), self.value(record));
                }
            }
        }
        patches
    }
}

/// What an update of `before` must come to: the new record, and the rows of the index that come and go.
type Updated = (String, Vec<Put>, Vec<Delete>);

fn plain(before: &[u8], past: &[u8], body: &[u8]) -> Result<Updated, Refusal> {
    let operations = patch::parse(body)?;
    let today = date(2025, 6, 1);
    let whole = Json::read(before).unwrap();
    let applied = patch::apply(&whole, &operations)?;
    let before: Value = serde_json::from_slice(before).unwrap();
    let mut after: Value = by_library(&before, body);
    assert_eq!(after.to_string(), applied.to_string());
    patch::complete(&before, &mut after, today, &Ids::new(7));
    rules::check(&before, &after, today)?;
    let version = record::head_of(&before).unwrap().version + 1;
    after["meta"]["versionId"] = version.to_string().into();
    let after = after.to_string();
    let after_tree = Json::read(after.as_bytes()).unwrap();
    let past = history::read(past);
    let past_after = history::grown(&past, &whole, &after_tree);
    let (mut old, mut new) = (index::keys_of(&before), index::keys_of(&after_tree));
    old.extend(index::history_keys(&past, &whole));
    new.extend(index::history_keys(&past_after, &after_tree));
    let (table, number) = (Table::PatientIndex, before["id"].as_str().unwrap().to_owned());
    let mut puts: Vec<Put> = Vec::new();
    puts.extend(new.difference(&old).map(|k| Put { table, key: k.clone().into(), value: Bytes::new() }));
    if past != past_after {
        let (key, value) = (history::key(&number).into(), past_after.to_string().into());
        puts.push(Put { table, key, value });
    }
    let dels = old.difference(&new).map(|k| Delete { table, key: k.clone().into() }).collect();
    Ok((after, puts, dels))
}

/// The patch as the library applies it, which knows nothing of the published rules.
fn by_library(before: &Value, body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut after = before.clone();
    for patch in body["patches"].as_array().unwrap() {
        let list = patch["path"].as_str().unwrap().strip_suffix("/-").and_then(|p| p.strip_prefix('/'));
        if let Some(list) = list.filter(|l| terms::LISTS.contains(l) && after.get(*l).is_none()) {
            after[list] = json!([]);
        }
        let patch: json_patch::PatchOperation = serde_json::from_value(patch.clone()).unwrap();
        json_patch::patch(&mut after, &[patch]).unwrap();
    }
    after
}

#[test]
fn an_update_of_parts_gives_the_bytes_of_an_update_of_the_whole() {
    let (mut done, mut refused) = (0, std::collections::BTreeSet::new());
    for round in 0..40_u32 {
        let (hub, dice) = (Hub::sandbox(), Dice(Ids::new(u128::from(round) << 64)));
        for step in 0..60 {
            let number = *dice.of(&NUMBERS);
            let Some(row) = hub.store.get(Table::Patients, number.as_bytes()).unwrap() else { continue };
            let record = hub.record(number);
            let Some(head) = record::head(&row.value) else { continue };
            if head.security != record::Security::Unrestricted {
                continue;
            }
            let patches = dice.patches(&record);
            let ask = Ask::patch(number, head.version, round * 100 + step, patches.into());
            let past = hub.store.get(Table::PatientIndex, &history::key(number)).unwrap();
            let past = past.map_or_else(Bytes::new, |row| row.value);
            let decision = hub.decide(&ask);
            match plain(&row.value, &past, ask.0.bytes()) {
                Err(refusal) => {
                    assert_eq!((&decision.answer, &decision.txn), (&*refusal, &None));
                    refused.insert(format!("{:?}", refusal.body));
                }
                Ok((document, puts, dels)) => {
                    assert_eq!(decision.answer.body, Body::Inline(document.into()), "{:?}", ask.0.body);
                    let txn = decision.txn.unwrap();
                    assert_eq!((&txn.puts[1..], &txn.dels), (&puts[..], &dels), "{:?}", ask.0.body);
                    assert!(matches!(hub.commit(txn), Outcome::Committed { .. }));
                    done += 1;
                }
            }
        }
    }
    assert!(done > 200 && refused.len() > 200, "{done} done, {} different refusals", refused.len());
}

#[test]
fn an_operation_does_what_the_library_does_with_it() {
    let tree = json!({"a": [1, {"b": null}, [2, 3]], "c/d": {"": "x", "~": [0]}, "0": {"0": [4]}});
    let tokens = ["a", "0", "1", "2", "3", "-", "01", "+1", "b", "c~1d", "", "~0", "9"];
    let (dice, mut equal) = (Dice(Ids::new(1)), [0, 0]);
    for _ in 0..20_000 {
        let path: String = (0..=dice.below(3)).map(|_| format!("/{}", dice.of(&tokens))).collect();
        let op = *dice.of(&["add", "replace", "remove", "test"]);
        let value = dice.of(&[json!(null), json!("x"), json!([2, 3]), json!({"b": null}), json!(1)]).clone();
        let patch = json!({"op": op, "path": path, "value": value});
        let text = json!({"patches": [patch.clone()]}).to_string();
        let Ok(operations) = patch::parse(text.as_bytes()) else {
            assert_eq!(path, "/", "{patch}");
            continue;
        };
        let before = tree.to_string();
        let mut ours = Json::read(before.as_bytes()).unwrap();
        let ours = patch::change(&mut ours, &operations[0]).map(|()| ours.to_string());
        let mut theirs = tree.clone();
        let by_library = json_patch::patch(&mut theirs, &[serde_json::from_value(patch.clone()).unwrap()]);
        let theirs = by_library.map(|()| theirs.to_string()).map_err(|e| e.kind.to_string());
        equal[usize::from(ours.is_ok())] += 1;
        assert_eq!(ours.map_err(str::to_owned), theirs, "{patch}");
    }
    assert!(equal.iter().all(|n| *n > 1_000), "{equal:?}");
}
