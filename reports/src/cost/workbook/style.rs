//! How cells look: colours with what they mean, and number formats by unit and size. Every colour pair has a contrast of at
//! least 4.5 to 1, and no meaning rests on colour alone.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

const INK: Color = Color::RGB(0x1F_29_33);
const QUIET: Color = Color::RGB(0x52_60_6D);
const LINE: Color = Color::RGB(0xCB_D2_D9);
const DARK: Color = Color::RGB(0x12_3B_5D);
const INPUT_INK: Color = Color::RGB(0x0B_3D_91);
const INPUT_PAPER: Color = Color::RGB(0xFF_F6_D5);
const STATIC_PAPER: Color = Color::RGB(0xEC_EE_F1);
const HEADING_PAPER: Color = Color::RGB(0xDC_E8_F2);
pub(super) const GOOD_INK: Color = Color::RGB(0x0B_5D_2A);
pub(super) const GOOD_PAPER: Color = Color::RGB(0xDD_F3_E4);
pub(super) const BAD_INK: Color = Color::RGB(0x8F_10_10);
pub(super) const BAD_PAPER: Color = Color::RGB(0xFD_E2_E2);

/// All formats that carry no number.
pub(super) struct Styles {
    pub(super) title: Format,
    /// Explanations under a title.
    pub(super) note: Format,
    /// Heading of a group of rows.
    pub(super) heading: Format,
    /// Heading of a column.
    pub(super) head: Format,
    /// Heading of a column of numbers.
    pub(super) head_right: Format,
    /// Words.
    pub(super) text: Format,
    /// A number that counts rows, at the left.
    pub(super) count: Format,
    /// Words that matter.
    pub(super) strong: Format,
    /// Names and units.
    pub(super) quiet: Format,
    /// A dash where there is no figure.
    pub(super) absent: Format,
    /// A text result of a formula, such as OK.
    pub(super) status: Format,
    /// An address on the web.
    pub(super) link: Format,
    /// A sentence that must not be overlooked.
    pub(super) warning: Format,
    input: Format,
    figure: Format,
    result: Format,
    fixed: Format,
}

impl Default for Styles {
    fn default() -> Styles {
        let plain = Format::new().set_font_name("Arial").set_font_size(10).set_font_color(INK);
        let top = plain.clone().set_align(FormatAlign::Top);
        let ruled = top.clone().set_border_bottom(FormatBorder::Hair).set_border_bottom_color(LINE);
        let text = ruled.clone().set_text_wrap();
        let boxed = |format: &Format| format.clone().set_border(FormatBorder::Thin).set_border_color(LINE);
        // A little room between a number and the words to its right.
        let right = |format: &Format| format.clone().set_align(FormatAlign::Right).set_indent(1);
        let head = plain
            .clone()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(DARK)
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter);
        Styles {
            title: plain.clone().set_bold().set_font_size(16).set_font_color(DARK),
            note: top.clone().set_font_color(QUIET),
            heading: plain
                .clone()
                .set_bold()
                .set_font_size(11)
                .set_font_color(DARK)
                .set_background_color(HEADING_PAPER),
            head_right: right(&head),
            head,
            count: text.clone().set_align(FormatAlign::Left),
            strong: text.clone().set_bold(),
            absent: right(&text),
            quiet: text.clone().set_font_color(QUIET).set_font_size(9),
            status: boxed(&top).set_text_wrap().set_bold().set_align(FormatAlign::Center),
            link: text.clone().set_hyperlink(),
            warning: boxed(&top).set_text_wrap().set_font_color(BAD_INK).set_background_color(BAD_PAPER),
            input: right(&boxed(&top)).set_font_color(INPUT_INK).set_background_color(INPUT_PAPER),
            result: right(&ruled).set_bold(),
            fixed: right(&boxed(&top)).set_background_color(STATIC_PAPER).set_italic(),
            figure: right(&ruled),
            text,
        }
    }
}

impl Styles {
    /// A figure to change.
    pub(super) fn input(&self, number: &str) -> Format {
        self.input.clone().set_num_format(number)
    }

    /// A figure that follows from others.
    pub(super) fn figure(&self, number: &str) -> Format {
        self.figure.clone().set_num_format(number)
    }

    /// A figure that a reader looks for.
    pub(super) fn result(&self, number: &str) -> Format {
        self.result.clone().set_num_format(number)
    }

    /// A figure as it was when the workbook was written.
    pub(super) fn fixed(&self, number: &str) -> Format {
        self.fixed.clone().set_num_format(number)
    }
}

/// Money without pence; nothing is a dash, so that the years with money stand out.
pub(super) const MONEY: &str = r##"#,##0;-#,##0;"–""##;
const MONEY_PENCE: &str = r##"#,##0.00;-#,##0.00;"–""##;
/// What must be nothing: a dash unless a penny or more is missing.
pub(super) const DIFFERENCE: &str = r##"[<=-0.005]-#,##0.00;[<0.005]"–";#,##0.00"##;
/// A share.
pub(super) const SHARE: &str = "0.0%";
const SHARE_FINE: &str = "0.00%";
/// As many digits as there are.
pub(super) const GENERAL: &str = "General";
const WHOLE: &str = "#,##0";
const SMALL: &str = "0.000E+00";
const HUGE: &str = "0.000E+00";

/// From here on money is shown without pence.
const BIG_MONEY: f64 = 1_000.0;
/// From here on digits no longer fit a column.
const HUGE_FROM: f64 = 1e13;
/// Decimals of a number by its size, for four significant digits: from 1,000 none, from 100 one, and so on.
const BY_SIZE: [(f64, &str); 7] = [
    (1e3, WHOLE),
    (1e2, "0.0"),
    (1e1, "0.00"),
    (1.0, "0.000"),
    (1e-1, "0.0000"),
    (1e-2, "0.00000"),
    (1e-3, "0.000000"),
];

/// What kind of number a figure is, for its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In the model's currency.
    Money,
    /// A fraction that is read as per cent.
    Share,
    /// An input, shown with the digits that it was given with.
    Given,
    /// Anything else.
    Number,
}

/// The number format that suits all of these values.
pub(super) fn number_format(kind: Kind, values: &[f64]) -> &'static str {
    let most = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let whole = values.iter().all(|v| v.fract() == 0.0);
    match kind {
        _ if most >= HUGE_FROM => HUGE,
        Kind::Money if most >= BIG_MONEY || most == 0.0 => MONEY,
        Kind::Money => MONEY_PENCE,
        Kind::Share if values.iter().all(|v| (v * 1e3 - (v * 1e3).round()).abs() < 1e-6) => SHARE,
        Kind::Share if most >= 1e-2 => SHARE_FINE,
        _ if most >= 1e3 => WHOLE,
        Kind::Given => GENERAL,
        _ if whole => GENERAL,
        _ => BY_SIZE.iter().find(|(from, _)| most >= *from).map_or(SMALL, |(_, format)| format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_four_digits_and_money_no_pence() {
        assert_eq!(number_format(Kind::Money, &[21_000_000.0, 0.0]), MONEY);
        assert_eq!(number_format(Kind::Money, &[0.23]), MONEY_PENCE);
        assert_eq!(number_format(Kind::Share, &[0.035]), SHARE);
        assert_eq!(number_format(Kind::Share, &[0.0225]), SHARE_FINE);
        assert_eq!(number_format(Kind::Number, &[152.207]), "0.0");
        assert_eq!(number_format(Kind::Number, &[0.205_3]), "0.0000");
        assert_eq!(number_format(Kind::Number, &[0.000_02]), SMALL);
        assert_eq!(number_format(Kind::Number, &[4.8e9]), WHOLE);
        assert_eq!(number_format(Kind::Given, &[1.2135]), GENERAL);
    }
}
