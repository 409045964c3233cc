//! What each cost line and each benefit is, in words, under the figures of its sheet: class, who bears it, what is uplifted,
//! why a line is zero. No figure is computed here.

use cost_model::appraisal::Sheet;
use cost_model::model::{Benefit, BenefitKind, CostLine, Spending};

use super::figures::WIDTHS;
use super::layout::FIRST_ROW;
use super::page::{Done, Page};
use super::{Book, said};

/// Four texts: label, two short ones, words.
type Line<'a> = (&'a str, String, String, String);

/// Writes the table of the sheet, where it has one.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>, sheet: Sheet) -> Done {
    let model = &book.results.appraisal.model;
    let (heads, lines): ([&str; 4], Vec<Line<'_>>) = match sheet {
        Sheet::Costs => {
            let heads = ["Cost line", "Category", "Spending", "Who pays, optimism bias, VAT, remarks"];
            (heads, model.costs.iter().map(cost).collect())
        }
        Sheet::Benefits => {
            let heads = ["Benefit", "Who, waiting for what", "Class", "How it is counted, evidence, remarks"];
            (heads, model.benefits.iter().map(benefit).collect())
        }
        _ => return Ok(()),
    };
    let last =
        book.layout.blocks(sheet).last().map_or(FIRST_ROW, |block| block.row + block.figures.len() as u32);
    let mut row = last + 3;
    page.heads(row, 0, &heads, &book.styles.head)?;
    for (label, first, second, words) in lines {
        row += 1;
        let texts = [label, &first, &second, &words];
        page.heads(row, 0, &texts, &book.styles.text)?;
        let sized: Vec<(&str, usize)> = texts.into_iter().zip(WIDTHS.map(|width| width as usize)).collect();
        page.fit(row, &sized)?;
    }
    Ok(())
}

fn cost(line: &CostLine) -> Line<'_> {
    let spending = match line.spending {
        Spending::Capex => "capital",
        Spending::Opex => "running",
    };
    let bearer = if line.bearer.is_empty() { String::new() } else { format!("Paid by: {}.", line.bearer) };
    let bias = match &line.ob_class {
        Some(class) => format!("Optimism bias: {}.", class.replace('_', " ")),
        None => "No optimism bias.".to_owned(),
    };
    let mitigated = line.ob_mitigation.iter().map(|(factor, contribution, share)| {
        let percent = |share: f64| crate::units::percent(share, 0);
        let factor = factor.replace('_', " ");
        format!(
            "{} of {factor}, which makes {} of it, is mitigated.",
            percent(*share),
            percent(*contribution)
        )
    });
    let vat = format!("VAT {}.", crate::units::percent(line.vat, 0));
    let zero = if line.zero_reason.is_empty() {
        String::new()
    } else {
        format!("Zero because: {}.", line.zero_reason)
    };
    let words = [bearer, bias].into_iter().chain(mitigated).chain([vat, zero, line.comment.clone()]);
    (&line.label, line.category.clone(), spending.to_owned(), joined(words))
}

fn benefit(benefit: &Benefit) -> Line<'_> {
    let (who, how) = match &benefit.kind {
        BenefitKind::Amount(_) => (String::new(), "Money a year.".to_owned()),
        BenefitKind::Unmonetised(words) => (String::new(), words.clone()),
        BenefitKind::StaffTime(staff) => {
            let who = match staff.role.as_str() {
                "" => staff.interaction.clone(),
                role => format!("{role}: {}", staff.interaction),
            };
            (who, format!("Waiting time, valued with {}.", staff.rule.words().1))
        }
    };
    let words = [how, benefit.cash_evidence.clone(), benefit.comment.clone()];
    (&benefit.label, who, said::class(benefit.class).0.to_owned(), joined(words))
}

fn joined(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
