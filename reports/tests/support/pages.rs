//! What every page promises, whatever is on it: it loads nothing, and closes what it opens.

/// Addresses may stand in the text; nothing may be loaded from one.
#[track_caller]
pub fn self_contained(page: &str) {
    for loader in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "src=",
        "@import",
        "url(",
        "href=\"http",
        "xlink",
        "xmlns",
    ] {
        assert!(!page.contains(loader), "the page holds {loader:?}");
    }
}

/// Every element that is opened is closed.
#[track_caller]
pub fn balanced(page: &str) {
    for name in [
        "section", "table", "figure", "svg", "dl", "ul", "main", "header", "body", "html", "div", "p", "text",
    ] {
        let open = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        let close = page.matches(&format!("</{name}>")).count();
        assert_eq!(open, close, "<{name}> opens {open} times and closes {close} times");
    }
}
