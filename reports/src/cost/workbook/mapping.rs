//! The benefits by the four classes of the DHSC appraisal model (CRB, nCRB, SB, UB), as formulas that point at the figures,
//! so that they can be carried over into that model.

use cost_model::BenefitClass;
use cost_model::model::BenefitKind;

use super::layout::VALUE;
use super::page::{Done, Page, told};
use super::{Book, said};

const HEAD_ROW: u32 = 3;
const WIDTHS: [f64; 5] = [10.0, 48.0, 30.0, 60.0, 18.0];
const CLASSES: [BenefitClass; 4] =
    [BenefitClass::Crb, BenefitClass::Ncrb, BenefitClass::Sb, BenefitClass::Ub];

/// Writes the sheet.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let styles = &book.styles;
    let what = "For the Comprehensive Investment Appraisal model: each benefit by class, undiscounted by year and as a present value. Classes are never summed.";
    book.title_of(page, "CIA mapping", what)?;
    page.widths(&WIDTHS)?;
    page.heads(HEAD_ROW, 0, &["Class", "Benefit", "Option", "Evidence, words, remarks"], &styles.head)?;
    page.heads(HEAD_ROW, VALUE, &["Present value"], &styles.head_right)?;
    for year in 0..book.years() {
        let column = VALUE + 1 + year as u16;
        page.sheet.set_column_width(column, 14.5).map_err(told)?;
        page.text(HEAD_ROW, column, &book.year(year), &styles.head_right)?;
    }
    let mut row = HEAD_ROW + 1;
    for class in CLASSES {
        row = of_class(page, book, row, class)?;
    }
    page.print(book.title(), &book.made_line(), Some((HEAD_ROW, HEAD_ROW)), 2)
}

fn of_class(page: &mut Page<'_>, book: &Book<'_>, row: u32, class: BenefitClass) -> Result<u32, String> {
    let styles = &book.styles;
    let (letters, words) = said::class(class);
    page.text(row, 0, letters, &styles.heading)?;
    page.text(row, 1, words, &styles.heading)?;
    for column in 2..=VALUE {
        page.text(row, column, "", &styles.heading)?;
    }
    let first = row + 1;
    let next = match class {
        BenefitClass::Ub => in_words(page, book, first)?,
        _ => in_money(page, book, first, class)?,
    };
    if next == first {
        page.text(first, 1, "none", &styles.note)?;
        return Ok(first + 2);
    }
    Ok(next + 1)
}

fn in_money(page: &mut Page<'_>, book: &Book<'_>, row: u32, class: BenefitClass) -> Result<u32, String> {
    let (model, styles) = (&book.results.appraisal.model, &book.styles);
    let mut row = row;
    for option in book.options() {
        for nodes in option.benefits.iter().filter(|nodes| nodes.class == class) {
            let benefit = &model.benefits[nodes.benefit];
            let label = match nodes.interaction.as_str() {
                "" => benefit.label.clone(),
                interaction => format!("{}, {interaction}", benefit.label),
            };
            let remark = [benefit.cash_evidence.as_str(), benefit.comment.as_str()];
            let remark = remark.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
            begin(page, book, row, (said::class(class).0, &label, &option.label, &remark))?;
            book.show(page, row, VALUE, nodes.present, true)?;
            let values = book.results.appraisal.values.years(nodes.value);
            let format = styles.figure(super::style::MONEY);
            for (year, value) in values.into_iter().enumerate() {
                let column = VALUE + 1 + year as u16;
                page.formula(row, column, &book.layout.link(nodes.value, year), value, &format)?;
            }
            row += 1;
        }
    }
    Ok(row)
}

fn in_words(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let model = &book.results.appraisal.model;
    let mut row = row;
    for benefit in &model.benefits {
        let BenefitKind::Unmonetised(words) = &benefit.kind else { continue };
        let labels: Vec<&str> = model
            .options
            .iter()
            .filter(|o| benefit.options.contains(&o.name))
            .map(|o| o.label.as_str())
            .collect();
        begin(page, book, row, (said::class(BenefitClass::Ub).0, &benefit.label, &labels.join(", "), words))?;
        row += 1;
    }
    Ok(row)
}

fn begin(page: &mut Page<'_>, book: &Book<'_>, row: u32, texts: (&str, &str, &str, &str)) -> Done {
    let styles = &book.styles;
    let texts = [texts.0, texts.1, texts.2, texts.3];
    for (column, text) in (0..).zip(texts) {
        page.text(row, column, text, &styles.text)?;
    }
    let sized: Vec<(&str, usize)> = texts.into_iter().zip(WIDTHS.map(|width| width as usize)).collect();
    page.fit(row, &sized)
}
