//! The JSON Patch of an update: read, held to the published rules of addressing, applied, completed.
//!
//! Called by update. The rules here are about *where* a patch reaches (which elements, with which proof that the right
//! list item is meant); whether the resulting record makes sense is `rules`' business. All or nothing: a refused
//! operation leaves no trace, because only the copy was changed.

use super::json::{Json, place, position};
use super::refuse::{self, Refusal};
use super::terms;
use super::tree::{Tree, items, text};
use crate::domain::Ids;
use jiff::civil::Date;
use std::borrow::Cow;

/// Operations in one update. 100: several times the elements of a record; a bound on work, not on use.
const OPERATIONS_MAX: usize = 100;

/// One operation, read.
pub(super) struct Operation<'a> {
    op: Op,
    path: Vec<Cow<'a, str>>,
    value: Json<'a>,
}

impl Operation<'_> {
    /// The element of the record that the operation reaches into.
    pub(super) fn element(&self) -> &str {
        self.path.first().map_or("", |element| element)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
    Test,
}

/// Reads `{"patches":[…]}`.
///
/// # Errors
/// The published refusal of the first malformed part.
pub(super) fn parse<'a>(body: &'a [u8]) -> Result<Vec<Operation<'a>>, Refusal> {
    let body = Json::read(body).map_err(|_| refuse::invalid_update("The body is not valid JSON"))?;
    let patches = body.get("patches").and_then(Json::as_list).filter(|p| !p.is_empty());
    let patches = patches.ok_or_else(|| refuse::invalid_update("No patches found"))?;
    if patches.len() > OPERATIONS_MAX {
        return Err(refuse::too_many_values("patches"));
    }
    patches.iter().enumerate().map(|(i, patch)| operation(i, patch)).collect()
}

fn operation<'a>(i: usize, patch: &Json<'a>) -> Result<Operation<'a>, Refusal> {
    if patch.keys().is_none() {
        return Err(refuse::validation_error(&format!("patches/{i} is not an object")));
    }
    let part = |name: &str| {
        let value = patch.get(name).ok_or_else(|| refuse::missing_value(&format!("{i}/{name}")))?;
        value.as_str().ok_or_else(|| refuse::invalid_value(&value.to_string(), &format!("{i}/{name}")))
    };
    let (op, path) = (part("op")?, part("path")?);
    let op = match op {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        "test" => Op::Test,
        _ => return Err(refuse::invalid_value(op, &format!("{i}/op"))),
    };
    let value = patch.get("value");
    if op != Op::Remove && value.is_none() {
        return Err(refuse::missing_value(&format!("{i}/value")));
    }
    let tokens = path.strip_prefix('/').filter(|p| !p.is_empty());
    let tokens = tokens.ok_or_else(|| refuse::invalid_value(path, &format!("{i}/path")))?;
    if tokens.split('~').skip(1).any(|escape| !escape.starts_with(['0', '1'])) {
        return Err(refuse::invalid_value(path, &format!("{i}/path")));
    }
    let path = tokens.split('/').map(|t| Cow::Owned(t.replace("~1", "/").replace("~0", "~"))).collect();
    Ok(Operation { op, path, value: value.cloned().unwrap_or_default() })
}

/// The record with all operations applied. `before` holds at least the elements that they reach into.
///
/// # Errors
/// The published refusal of the first operation that may not or cannot be applied.
pub(super) fn apply<'a>(before: &Json<'a>, operations: &[Operation<'a>]) -> Result<Json<'a>, Refusal> {
    let mut after = before.clone();
    for (i, operation) in operations.iter().enumerate() {
        let path: Vec<&str> = operation.path.iter().map(Cow::as_ref).collect();
        let (&element, rest) = path.split_first().unwrap_or((&"", &[]));
        if !terms::UPDATABLE.contains(&element) {
            return Err(refuse::invalid_update(&format!(
                "Update unsupported for resource - '{}'",
                clip(element)
            )));
        }
        if terms::LISTS.contains(&element) {
            check_list(&after, operations, i, element, rest)?;
            if operation.op == Op::Add && rest == ["-"] && after.get(element).is_none() {
                // A record without the element yet.
                if let Json::Object(members) = &mut after {
                    Json::insert(members, operation.path[0].clone(), Json::List(Vec::new()));
                }
            }
        } else if operation.op == Op::Remove
            && rest.is_empty()
            && element != "multipleBirthInteger"
            && element != "managingOrganization"
        {
            return Err(refuse::forbidden_update(&format!("{element} cannot be removed")));
        }
        change(&mut after, operation)
            .map_err(|why| refuse::invalid_update(&format!("Invalid patch - {why}")))?;
    }
    Ok(after)
}

/// Does what RFC 6902 says of one operation.
///
/// # Errors
/// Why it cannot be done, in the words of the published service.
pub(super) fn change<'a>(record: &mut Json<'a>, operation: &Operation<'a>) -> Result<(), &'static str> {
    const INVALID: &str = "path is invalid";
    let (last, parents) = operation.path.split_last().ok_or(INVALID)?;
    let parent = parents.iter().try_fold(record, |value, token| value.step_mut(token)).ok_or(INVALID)?;
    let value = || operation.value.clone();
    match (operation.op, parent) {
        (Op::Add, Json::Object(members)) => Json::insert(members, last.clone(), value()),
        (Op::Add, Json::List(list)) => {
            let at = if last == "-" { Some(list.len()) } else { place(last).filter(|at| *at <= list.len()) };
            list.insert(at.ok_or(INVALID)?, value());
        }
        (Op::Add, _) => return Err(INVALID),
        (Op::Replace, parent) => *parent.step_mut(last).ok_or(INVALID)? = value(),
        (Op::Test, parent) => {
            if *parent.step_mut(last).ok_or(INVALID)? != operation.value {
                return Err("value did not match");
            }
        }
        (Op::Remove, Json::Object(members)) => {
            members.remove(position(members, last).map_err(|_| INVALID)?);
        }
        (Op::Remove, Json::List(list)) => {
            list.remove(place(last).filter(|at| *at < list.len()).ok_or(INVALID)?);
        }
        (Op::Remove, _) => return Err(INVALID),
    }
    Ok(())
}

/// The published rules of reaching into a list: add at the end only; replace, change or remove an item only with proof
/// (its id, URL or whole value) that it is the one meant.
fn check_list(
    record: &Json<'_>,
    operations: &[Operation<'_>],
    i: usize,
    element: &str,
    rest: &[&str],
) -> Result<(), Refusal> {
    let operation = &operations[i];
    let invalid = |why: &str| Err(refuse::invalid_update(&format!("Invalid patch - {why}")));
    let (index, inner) = match rest {
        [] if operation.op == Op::Test => return Ok(()),
        [] if operation.op == Op::Add && record.get(element).is_none() => return Ok(()),
        [] => return invalid(&format!("'{element}' is a list: name an item of it")),
        ["-"] if operation.op == Op::Add => return Ok(()),
        [index, inner @ ..] => (*index, inner),
    };
    let list = items(record, element);
    let item = index.parse::<usize>().ok().and_then(|at| list.get(at));
    let Some(item) = item else {
        return invalid(&format!("index '{}' is out of bounds", clip(index)));
    };
    let key = if element == "extension" { "url" } else { "id" };
    let own = text(item, &format!("/{key}"));
    let item_path = [element, index];
    let proves = |o: &Operation<'_>| {
        let path: Vec<&str> = o.path.iter().map(Cow::as_ref).collect();
        match path[..] {
            [e, at, k] => {
                [e, at] == item_path && k == key && o.op != Op::Remove && o.value.as_str() == Some(own)
            }
            [e, at] => [e, at] == item_path && o.op == Op::Test && o.value == *item,
            _ => false,
        }
    };
    let no_such = |got: &str| {
        Err(refuse::invalid_update(&format!("no '{element}' resources with object {key} '{}'", clip(got))))
    };
    match (operation.op, inner) {
        (Op::Test, _) => Ok(()),
        (Op::Add, []) => invalid("a new item of a list is added at '-'"),
        (Op::Replace, []) if text(&operation.value, &format!("/{key}")) == own => Ok(()),
        (Op::Replace, []) => no_such(text(&operation.value, &format!("/{key}"))),
        (Op::Remove, [])
            if !i.checked_sub(1).is_some_and(|p| operations[p].op == Op::Test && proves(&operations[p])) =>
        {
            Err(refuse::invalid_update(&format!(
                "removal '/{element}/{}' is not immediately preceded by equivalent test",
                clip(index)
            )))
        }
        (Op::Remove, []) => check_removable(element, item),
        (_, [k]) if *k == key && operation.value.as_str() == Some(own) => Ok(()),
        (_, [k]) if *k == key => no_such(operation.value.as_str().unwrap_or("")),
        _ if operations.iter().any(proves) => Ok(()),
        _ => Err(refuse::invalid_update(&format!(
            "no id or url found for path with root /{element}/{}",
            clip(index)
        ))),
    }
}

fn check_removable(element: &str, item: &Json<'_>) -> Result<(), Refusal> {
    match element {
        "generalPractitioner" => Err(refuse::forbidden_update("the general practice cannot be removed")),
        "name" if text(item, "/use") == "usual" => {
            Err(refuse::forbidden_update("the usual name cannot be removed"))
        }
        "extension" if [terms::DEATH_NOTIFICATION, terms::REMOVAL].contains(&text(item, "/url")) => {
            Err(refuse::forbidden_update("this extension cannot be removed"))
        }
        _ => Ok(()),
    }
}

/// The elements that patient access may change (published).
const PATIENT_ACCESS: [&str; 4] = ["address", "contact", "extension", "telecom"];
/// The extensions that patient access may change (published).
const PATIENT_ACCESS_EXTENSIONS: [&str; 5] = [
    terms::COMMUNICATION,
    terms::NOMINATED_PHARMACY,
    terms::DISPENSING_DOCTOR,
    terms::APPLIANCE_SUPPLIER,
    terms::BIRTH_PLACE,
];

/// Patient access changes a few elements only, and extensions and contact points as whole objects.
///
/// # Errors
/// FORBIDDEN_UPDATE for what is not the patient's to change, INVALID_UPDATE for a part of an object.
pub(super) fn check_patient_access(
    before: &Json<'_>,
    after: &Json<'_>,
    operations: &[Operation<'_>],
) -> Result<(), Refusal> {
    let forbidden =
        |what: &str| Err(refuse::forbidden_update(&format!("patient access cannot change {what}")));
    for operation in operations.iter().filter(|o| o.op == Op::Add || o.op == Op::Replace) {
        let path: Vec<&str> = operation.path.iter().map(Cow::as_ref).collect();
        if let ["telecom" | "extension", _, _, ..] = path[..] {
            return Err(refuse::invalid_update("patient access adds and replaces whole objects"));
        }
    }
    for element in terms::UPDATABLE.into_iter().filter(|e| before.get(e) != after.get(e)) {
        if !PATIENT_ACCESS.contains(&element) {
            return forbidden(element);
        }
        let (old, new) = (items(before, element), items(after, element));
        let gone = old.iter().filter(|item| !new.contains(item));
        for item in gone.chain(new.iter().filter(|item| !old.contains(item))) {
            let (system, place, url) = (text(item, "/system"), text(item, "/use"), text(item, "/url"));
            match element {
                "telecom" if system != "email" && (system, place) != ("phone", "mobile") => {
                    return forbidden("contact points other than mobile and email");
                }
                "extension" if !PATIENT_ACCESS_EXTENSIONS.contains(&url) => {
                    return forbidden("this extension");
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// At most 64 characters of what a caller sent.
fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Completes what a caller may leave open: object ids of new items, `period.start` of new and replaced ones, address
/// lines without the empty ones, titles without a full stop, given names a word each.
pub(super) fn complete<T: Tree>(before: &T, after: &mut T, today: Date, ids: &Ids) {
    for element in terms::LISTS {
        let old = items(before, element);
        let Some(new) = after.list_mut(element) else { continue };
        for item in new.iter_mut().filter(|item| !old.contains(item)) {
            let known = old.iter().any(|o| text(o, "/id") == text(item, "/id") && !text(o, "/id").is_empty());
            if item.keys().is_none() {
                continue;
            }
            if !known && element != "extension" {
                item.set("id", T::string(format!("{:08X}", ids.bits() as u32)));
            }
            if matches!(element, "address" | "name" | "telecom") && item.get("period").is_none() {
                item.set("period", T::object("start", T::string(today.to_string())));
            }
            if let Some(lines) = item.list_mut("line") {
                lines.retain(|line| line.as_str() != Some(""));
            }
            if let Some(given) = item.list_mut("given") {
                split_given(given);
            }
            for prefix in item.list_mut("prefix").into_iter().flatten() {
                let trimmed = prefix.as_str().and_then(|p| p.strip_suffix('.'));
                if let Some(trimmed) = trimmed.map(|p| p.trim_end_matches('.').to_owned()) {
                    *prefix = T::string(trimmed);
                }
            }
        }
    }
}

/// The first given name may be several words; those after it become a name a word (published).
fn split_given<T: Tree>(given: &mut Vec<T>) {
    if !given.iter().skip(1).filter_map(T::as_str).any(|name| name.contains(' ')) {
        return;
    }
    let all = std::mem::take(given);
    for (i, name) in all.into_iter().enumerate() {
        match name.as_str() {
            Some(words) if i > 0 => {
                given.extend(words.split_whitespace().map(|word| T::string(word.to_owned())))
            }
            _ => given.push(name),
        }
    }
}
