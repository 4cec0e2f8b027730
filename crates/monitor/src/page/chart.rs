//! Column charts as SVG, drawn by plotters. A picture of figures that stand beside it as text: nothing is told by it alone.

use maud::{Markup, PreEscaped, html};
use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::drawing::IntoDrawingArea;
use plotters::element::Rectangle;
use plotters::style::{Color, IntoFont, RGBColor};

use crate::language::Language;

/// Size in units of the picture, which is as wide as its column.
const SIZE: (u32, u32) = (560, 220);
/// Names under the columns at most; with more, every second or third is shown.
const MOST_NAMES: usize = 10;
/// Share of a place that its columns fill.
const FILLED: f64 = 0.8;

/// Colours that the style sheet names, and what stands for them while plotters draws: it knows no names.
const INK: RGBColor = RGBColor(1, 1, 1);
const LINE: RGBColor = RGBColor(2, 2, 2);
const COLOURS: [RGBColor; 2] = [RGBColor(3, 3, 3), RGBColor(4, 4, 4)];
const NAMES: [(&str, &str); 4] =
    [("#010101", "var(--soft)"), ("#020202", "var(--line)"), ("#030303", "var(--accent)"), ("#040404", "var(--muted)")];

/// Shares by name, of one or two kinds: each kind's name and its share in every place.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// The language of the figures on its axis.
    pub language: Language,
    /// What the picture shows, for those who do not see it.
    pub title: &'a str,
    /// Name of each place.
    pub places: &'a [String],
    /// The kinds, the first in the accent colour; shares are 0 to 1.
    pub kinds: &'a [(&'a str, Vec<f64>)],
}

/// Draws columns; nothing where a picture cannot be drawn, since the figures stand beside it.
pub fn columns(of: Columns<'_>) -> Markup {
    let Some(svg) = draw(of).filter(|_| !of.places.is_empty()) else { return html! {} };
    html! {
        figure.chart role="img" aria-label=(of.title) {
            (PreEscaped(svg))
            @if of.kinds.len() > 1 {
                figcaption {
                    @for (at, (name, _)) in of.kinds.iter().enumerate() { span.kind.second[at > 0] { (name) } " " }
                }
            }
        }
    }
}

/// None where plotters fails, which it cannot while it writes to memory.
fn draw(of: Columns<'_>) -> Option<String> {
    let largest = of.kinds.iter().flat_map(|(_, shares)| shares.iter().copied()).fold(0.001, f64::max);
    let places = of.places.len();
    let step = places.div_ceil(MOST_NAMES).max(1);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(6)
            .x_label_area_size(26)
            .y_label_area_size(46)
            .build_cartesian_2d(0.0..places as f64, 0.0..largest * 1.05)
            .ok()?;
        let font = || ("sans-serif", 13).into_font().color(&INK);
        // A mark stands where a place begins; its name belongs to the middle, so only the lines are drawn here.
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(5)
            .y_label_formatter(&|share| percent(of.language, *share, largest))
            .bold_line_style(LINE)
            .light_line_style(plotters::style::TRANSPARENT)
            .axis_style(LINE)
            .label_style(font())
            .draw()
            .ok()?;
        let width = FILLED / of.kinds.len().max(1) as f64;
        for (kind, (_, shares)) in of.kinds.iter().enumerate() {
            let colour = COLOURS[kind.min(COLOURS.len() - 1)];
            let left = |place: usize| place as f64 + (1.0 - FILLED) / 2.0 + kind as f64 * width;
            let column = |(place, &share): (usize, &f64)| {
                Rectangle::new([(left(place), 0.0), (left(place) + width, share)], colour.filled())
            };
            chart.draw_series(shares.iter().enumerate().map(column)).ok()?;
        }
        for (place, name) in of.places.iter().enumerate().step_by(step) {
            let (x, y) = chart.backend_coord(&(place as f64 + 0.5, 0.0));
            let style = font().pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Center,
                plotters::style::text_anchor::VPos::Top,
            ));
            area.draw(&plotters::element::Text::new(name.clone(), (x, y + 7), style)).ok()?;
        }
        area.present().ok()?;
    }
    Some(named(&svg))
}

fn percent(lang: Language, share: f64, largest: f64) -> String {
    // On an axis there is no room for the space that Spanish puts before the sign.
    format!("{}%", lang.decimal(share * 100.0, if largest < 0.05 { 1 } else { 0 }))
}

/// The picture with the colours of the style sheet, without a size of its own, and hidden from those who are told its title.
fn named(svg: &str) -> String {
    let size = format!("width=\"{}\" height=\"{}\" ", SIZE.0, SIZE.1);
    let svg = svg.replacen(&size, "aria-hidden=\"true\" ", 1);
    NAMES.iter().fold(svg, |svg, (number, name)| svg.replace(number, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(places: &[&str], kinds: &[(&str, Vec<f64>)]) -> String {
        let places: Vec<String> = places.iter().map(|&name| name.to_owned()).collect();
        columns(Columns { language: Language::English, title: "Shares", places: &places, kinds }).into_string()
    }

    #[test]
    fn a_picture_has_a_column_for_each_share_and_the_page_colours() {
        let svg = drawn(&["en", "<es>"], &[("run", vec![0.7, 0.3]), ("baseline", vec![0.9, 0.1])]);
        assert_eq!(svg.matches("<rect").count(), 4, "{svg}");
        assert!(svg.contains("var(--accent)") && svg.contains("var(--muted)") && !svg.contains("#0"), "{svg}");
        assert!(svg.contains("aria-label=\"Shares\"") && svg.contains("&lt;es&gt;") && !svg.contains("<es>"));
        assert!(!svg.contains("width=\"560\""), "it is as wide as its column");
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_numbers_that_are_none_do_no_harm() {
        assert_eq!(drawn(&[], &[("run", Vec::new())]), "");
        assert!(!drawn(&["a"], &[("run", vec![f64::NAN])]).contains("NaN"));
    }
}
