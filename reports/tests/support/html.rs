//! What every page must be, whatever it tells: self-contained and balanced. Used by the tests of all pages.

/// Fails where the page would load anything from anywhere.
#[track_caller]
pub fn self_contained(page: &str) {
    // Addresses may stand in the text; nothing may be loaded from one.
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

/// Fails where an element opens more often than it closes.
#[track_caller]
pub fn balanced(page: &str) {
    for name in [
        "section", "table", "figure", "svg", "dl", "ul", "main", "header", "body", "html", "div", "p",
        "text", "title", "desc", "th", "td", "tr", "small", "b", "h4",
    ] {
        let open = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        let close = page.matches(&format!("</{name}>")).count();
        assert_eq!(open, close, "<{name}> opens {open} times and closes {close} times");
    }
}
