//! One sheet while it is written: text that can never become a formula, formulas with their results, print set-up. Called by
//! every sheet; decides nothing about what is shown.

use rust_xlsxwriter::{
    ConditionalFormatCell, ConditionalFormatCellRule, Format, Formula, Url, Worksheet, XlsxError,
};

use super::style::{BAD_INK, BAD_PAPER, GOOD_INK, GOOD_PAPER, Styles};

/// Longest text of a cell, in UTF-16 units, as spreadsheets count.
const TEXT_UNITS_MAX: usize = 32_767;
/// Longest part of a page's header: with the rest it stays under the 255 that a spreadsheet allows.
const HEADER_CHARS_MAX: usize = 90;
/// Longest address that a spreadsheet takes as a link.
const URL_CHARS_MAX: usize = 2_000;
/// ISO A4, for sheets to be read.
const PAPER_A4: u8 = 9;
/// ISO A3, for sheets with a column for each year.
const PAPER_A3: u8 = 8;
/// Height of a line of text, points.
const LINE_POINTS: f64 = 13.5;
/// Characters of ordinary words that fit a width of 1, which is that of a digit of 11 points; some 1.5 of 10 points do.
const CHARS_PER_WIDTH: f64 = 1.35;
/// From here on a word is a hash or an address, whose signs are wider than those of prose.
const LONG_WORD: usize = 24;
/// Tallest row that is asked for, lines: a formula that is longer in words can be read in its cell.
const LINES_MAX: usize = 6;

/// Done, or a sentence on what the spreadsheet refused.
pub(super) type Done = Result<(), String>;

/// Turns the writer's error into a sentence.
pub(super) fn told(error: XlsxError) -> String {
    format!("the workbook could not be written: {error}")
}

/// One sheet.
pub(super) struct Page<'a> {
    pub(super) sheet: &'a mut Worksheet,
}

impl Page<'_> {
    /// Words. What begins like a formula is marked as text, so that it stays text when it is edited.
    pub(super) fn text(&mut self, row: u32, column: u16, text: &str, format: &Format) -> Done {
        let text = safe(text);
        let inert = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        let marked = if inert { format.clone().set_quote_prefix() } else { format.clone() };
        self.sheet.write_string_with_format(row, column, text, &marked).map_err(told).map(drop)
    }

    /// Words over several columns, as high as they need for this width of all of them.
    pub(super) fn wide(
        &mut self,
        row: u32,
        columns: (u16, u16),
        text: &str,
        width: usize,
        format: &Format,
    ) -> Done {
        self.sheet.merge_range(row, columns.0, row, columns.1, "", format).map_err(told)?;
        self.text(row, columns.0, text, format)?;
        self.height(row, lines(text, width))
    }

    /// A heading over all columns up to `last`.
    pub(super) fn band(&mut self, row: u32, last: u16, text: &str, format: &Format) -> Done {
        self.text(row, 0, text, format)?;
        (1..=last).try_for_each(|column| self.text(row, column, "", format))
    }

    /// Height of a row in lines of text.
    pub(super) fn height(&mut self, row: u32, lines: usize) -> Done {
        let points = LINE_POINTS * lines.max(1) as f64 + 2.0;
        self.sheet.set_row_height(row, points).map_err(told).map(drop)
    }

    /// Height of a row that holds these texts in columns of these widths.
    pub(super) fn fit(&mut self, row: u32, texts: &[(&str, usize)]) -> Done {
        let most = texts.iter().map(|(text, width)| lines(text, *width)).max().unwrap_or(1);
        self.height(row, most.min(LINES_MAX))
    }

    /// A number that is given, not computed.
    pub(super) fn number(&mut self, row: u32, column: u16, value: f64, format: &Format) -> Done {
        self.sheet.write_number_with_format(row, column, value, format).map_err(told).map(drop)
    }

    /// A formula, without its `=`, with the number that it gives.
    pub(super) fn formula(
        &mut self,
        row: u32,
        column: u16,
        formula: &str,
        result: f64,
        format: &Format,
    ) -> Done {
        self.formula_text(row, column, formula, &(result + 0.0).to_string(), format)
    }

    /// A formula, without its `=`, with the text that it gives.
    pub(super) fn formula_text(
        &mut self,
        row: u32,
        column: u16,
        formula: &str,
        result: &str,
        format: &Format,
    ) -> Done {
        let formula = Formula::new(format!("={formula}")).set_result(result);
        self.sheet.write_formula_with_format(row, column, formula, format).map_err(told).map(drop)
    }

    /// An address on the web as a link; anything else as words.
    pub(super) fn address(&mut self, row: u32, column: u16, url: &str, styles: &Styles) -> Done {
        let web = url.starts_with("https://") || url.starts_with("http://");
        let plain = url.is_ascii() && url.len() < URL_CHARS_MAX && !url.contains(char::is_whitespace);
        if web && plain {
            let written =
                self.sheet.write_url_with_format(row, column, Url::new(url).set_text(url), &styles.link);
            if written.is_ok() {
                return Ok(());
            }
        }
        self.text(row, column, url, &styles.text)
    }

    /// A link to a sheet of this workbook.
    pub(super) fn go_to(&mut self, row: u32, column: u16, sheet: &str, styles: &Styles) -> Done {
        let url = Url::new(format!("internal:'{sheet}'!A1")).set_text(sheet);
        self.sheet.write_url_with_format(row, column, url, &styles.link).map_err(told).map(drop)
    }

    /// Headings of columns from `column` on.
    pub(super) fn heads(&mut self, row: u32, column: u16, heads: &[&str], format: &Format) -> Done {
        (column..).zip(heads).try_for_each(|(column, head)| self.text(row, column, head, format))
    }

    /// Widths of columns from the first on, characters.
    pub(super) fn widths(&mut self, widths: &[f64]) -> Done {
        for (column, width) in (0..).zip(widths) {
            self.sheet.set_column_width(column, *width).map_err(told)?;
        }
        Ok(())
    }

    /// Green on OK, red on CHECK; the words say it too.
    pub(super) fn status_colours(&mut self, first: (u32, u16), last: (u32, u16)) -> Done {
        let good = Format::new().set_font_color(GOOD_INK).set_background_color(GOOD_PAPER);
        let bad = Format::new().set_font_color(BAD_INK).set_background_color(BAD_PAPER);
        for (word, format) in [("OK", good), ("CHECK", bad)] {
            let rule = ConditionalFormatCell::new()
                .set_rule(ConditionalFormatCellRule::EqualTo(word.to_owned()))
                .set_format(format);
            self.sheet.add_conditional_format(first.0, first.1, last.0, last.1, &rule).map_err(told)?;
        }
        Ok(())
    }

    /// Across, as wide as the paper, with title and page number; `repeat` rows stand on every page and stay in view, with as
    /// many columns.
    pub(super) fn print(
        &mut self,
        title: &str,
        made: &str,
        repeat: Option<(u32, u32)>,
        columns: u16,
    ) -> Done {
        let (title, made) = (for_header(title), for_header(made));
        self.sheet
            .set_landscape()
            .set_paper_size(if columns > 0 { PAPER_A3 } else { PAPER_A4 })
            .set_print_fit_to_pages(1, 0)
            .set_margins(0.4, 0.4, 0.7, 0.6, 0.3, 0.3)
            .set_header(format!("&L{title}&R&A"))
            .set_footer(format!("&L{made}&RPage &P of &N"))
            .set_screen_gridlines(false);
        if let Some((first, last)) = repeat {
            self.sheet.set_repeat_rows(first, last).map_err(told)?;
            self.sheet.set_freeze_panes(last + 1, columns).map_err(told)?;
        }
        Ok(())
    }
}

/// Text as a cell can hold it: no character that its file format forbids, no more than fits.
fn safe(text: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '\u{FFFE}' | '\u{FFFF}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let text: String = text.chars().map(allowed).collect();
    if text.encode_utf16().count() <= TEXT_UNITS_MAX {
        return text;
    }
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < TEXT_UNITS_MAX
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

/// Text in a header: `&` begins a code there.
fn for_header(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_control()).take(HEADER_CHARS_MAX).collect();
    short.replace('&', "&&")
}

/// Lines that a text takes in a column of this width, broken between words.
fn lines(text: &str, width: usize) -> usize {
    let chars = ((width as f64 * CHARS_PER_WIDTH) as usize).max(1);
    let of = |line: &str| {
        let (mut lines, mut used) = (1, 0);
        for word in line.split(' ').map(|word| word.chars().count()) {
            let length = if word > LONG_WORD { word + word / 3 } else { word };
            if used > 0 && used + 1 + length > chars {
                lines += 1;
                used = 0;
            }
            used += length + usize::from(used > 0);
            lines += used.saturating_sub(1) / chars;
            used -= used.saturating_sub(1) / chars * chars;
        }
        lines
    };
    text.lines().map(of).sum::<usize>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_too_long_is_cut_at_a_whole_character() {
        let long = "𝛑".repeat(20_000);
        let cut = safe(&long);
        assert!(cut.encode_utf16().count() <= TEXT_UNITS_MAX, "{} units", cut.encode_utf16().count());
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn characters_that_no_file_may_hold_are_replaced() {
        assert_eq!(safe("a\u{0}b\u{1b}\u{FFFF}\n"), "a\u{FFFD}b\u{FFFD}\u{FFFD}\n");
    }

    #[test]
    fn rows_are_as_high_as_their_words() {
        let cases = [("", 1), ("one", 1), ("one two", 1), ("one two three four", 2), ("one\ntwo", 2)];
        for (text, wanted) in cases {
            assert_eq!(lines(text, 10), wanted, "{text:?}");
        }
        assert_eq!(lines(&"x".repeat(64), 48), 2, "a hash");
    }

    #[test]
    fn a_title_cannot_write_codes_into_the_header() {
        assert_eq!(for_header("R&D &P"), "R&&D &&P");
    }
}
