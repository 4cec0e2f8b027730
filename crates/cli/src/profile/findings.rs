//! What deserves a look, in words.

use serde::Serialize;
use tamiz_domain::{Configuration, DuplicateAction, EtlReport, LabelMap};
use tamiz_monitor::figures::{capitalised, count_of, limit, percent, share, thousands};

use crate::profile::names::{file_name, repair};

/// Share of repeated texts from which on they are told of.
const REPEATED: f64 = 0.01;
/// How many times larger the largest class may be than the smallest.
const BALANCED: u64 = 3;
/// Share of a language beside the most frequent one from which on it is told of.
const SPOKEN: f64 = 0.02;
/// Tokens that the 512 word pieces of the usual transformers hold, about.
const WINDOW_TOKENS: u64 = 380;

/// Something that deserves a look, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What to do, or why there is nothing to do.
    pub advice: String,
}

/// All findings, the most important first.
pub fn findings(report: &EtlReport, labels: &LabelMap, configuration: &Configuration) -> Vec<Finding> {
    let mut found = files(report);
    found.extend(rejected(report, configuration));
    found.extend(repeated(report, configuration));
    found.extend(label_mix(report, labels));
    found.extend(languages(report));
    found.extend(texts(report));
    found
}

fn finding(what: String, advice: impl Into<String>) -> Finding {
    Finding { what: capitalised(&what), advice: advice.into() }
}

fn files(report: &EtlReport) -> Vec<Finding> {
    let broken = report.files.iter().filter_map(|file| Some((file, file.problem.as_ref()?)));
    let tell = broken.map(|(file, problem)| {
        let fate = if file.counts.ok == 0 { "was left out" } else { "was used in part" };
        let detail = if problem.detail.is_empty() { String::new() } else { format!(" ({})", problem.detail) };
        let what = format!("{} {fate}: {}{detail}", file_name(&file.source), problem.reason.meaning());
        Finding { what, advice: problem.reason.remedy().to_owned() }
    });
    tell.collect()
}

fn rejected(report: &EtlReport, configuration: &Configuration) -> Option<Finding> {
    let (share, most) = (report.counts.rejected_share(), configuration.budget.max_rejected_share);
    (share > most).then(|| {
        let what = format!(
            "{} of the records cannot be used, more than the {} that a run may have",
            percent(share),
            limit(most)
        );
        finding(what, "Mend the file as the table of rejected records says, or raise budget.max_rejected_share.")
    })
}

fn repeated(report: &EtlReport, configuration: &Configuration) -> Vec<Finding> {
    let quality = &report.quality;
    let kinds = [
        ("the same text as an earlier one", "exact", quality.duplicates.exact, configuration.duplicates.exact),
        ("nearly the same text as an earlier one", "near", quality.duplicates.near, configuration.duplicates.near),
    ];
    let many = kinds.into_iter().filter(|(_, _, rows, _)| share(*rows, quality.rows) >= REPEATED);
    let tell = many.map(|(how, key, rows, action)| {
        let advice = match action {
            DuplicateAction::Drop => "They are left out, as the configuration says.".to_owned(),
            _ => format!("Repeated texts count several times in training and measuring; `{key} = \"drop\"` under [duplicates] leaves them out."),
        };
        finding(format!("{} ({}) have {how}", count_of(rows, "review"), percent(share(rows, quality.rows))), advice)
    });
    tell.collect()
}

fn label_mix(report: &EtlReport, labels: &LabelMap) -> Vec<Finding> {
    let quality = &report.quality;
    let labelled: u64 = quality.labels.values().sum();
    let mut found = Vec::new();
    if labelled == 0 && quality.rows > 0 {
        found.push(finding(
            "no review has a label".to_owned(),
            "A model can label them, but none can be trained or measured with them. Map the label's column under [columns] if there is one.",
        ));
    } else if labelled < quality.rows {
        let rest = quality.rows - labelled;
        let what = format!("{} ({}) have no label", count_of(rest, "review"), percent(share(rest, quality.rows)));
        found.push(finding(what, "They are labelled by the model, but train and measure none. Ratings that [labels] does not list have no label."));
    }
    let by_size = |(_, rows): &(&i8, &u64)| **rows;
    let (largest, smallest) = (quality.labels.iter().max_by_key(by_size), quality.labels.iter().min_by_key(by_size));
    if let (Some((large, most)), Some((small, fewest))) = (largest, smallest)
        && *most >= BALANCED * *fewest
    {
        let times = *most as f64 / *fewest as f64;
        let what = format!(
            "`{}` has {times:.1} times as many reviews as `{}`",
            labels.name_of(*large),
            labels.name_of(*small)
        );
        found.push(finding(what, "Accuracy alone will flatter a model; look at macro F1 and at each class."));
    }
    found
}

fn languages(report: &EtlReport) -> Option<Finding> {
    let quality = &report.quality;
    let mut languages: Vec<(&String, u64)> = quality.languages.iter().map(|(code, rows)| (code, *rows)).collect();
    languages.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let others = languages.get(1..)?.iter().filter(|(_, rows)| share(*rows, quality.rows) >= SPOKEN);
    let others: Vec<String> =
        others.map(|(code, rows)| format!("{code} ({})", percent(share(*rows, quality.rows)))).collect();
    let (main, _) = languages.first()?;
    (!others.is_empty()).then(|| {
        let what = format!("besides {main}, reviews are in {}", others.join(", "));
        finding(what, "Stop-words and stems exist for English and Spanish, the sentiment score for English only.")
    })
}

fn texts(report: &EtlReport) -> Vec<Finding> {
    let quality = &report.quality;
    let mut found = Vec::new();
    if quality.empty_texts > 0 {
        let what = format!("nothing is left of {} after cleaning", count_of(quality.empty_texts, "review"));
        found.push(finding(
            what,
            "They hold only links, markup, emoji or punctuation; a model can say nothing of them.",
        ));
    }
    if quality.html_texts > 0 {
        let what = format!("{} hold HTML tags or entities", count_of(quality.html_texts, "review"));
        found.push(finding(what, "Nothing needs to be done: cleaning takes them out."));
    }
    for (encoding, rows) in &quality.encoding_repairs {
        let what = format!("{}: {}", repair(encoding), count_of(*rows, "record"));
        let advice = match encoding.as_str() {
            "mojibake" => "They had been read in a wrong encoding and saved before they came here.",
            _ => "Look at some of them; if letters are wrong, save the file as UTF-8.",
        };
        found.push(finding(what, advice));
    }
    if quality.tokens.p99 > WINDOW_TOKENS {
        let what = format!("one review in a hundred is longer than {} words", thousands(quality.tokens.p99));
        found.push(finding(
            what,
            "Transformer models usually read the first 512 word pieces, and the `truncated` column says where.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use tamiz_domain::{Counts, DataQuality, Duplicates, FileProblem, FileReport, Lengths, RejectReason, RunId};

    use super::*;

    fn report(quality: DataQuality) -> EtlReport {
        let rejected = quality.rejected_by_reason.values().sum();
        EtlReport {
            run_id: "0123456789abcdef0123456789abcdef".parse::<RunId>().unwrap(),
            counts: Counts { input: quality.rows + rejected, ok: quality.rows, rejected, failed: 0 },
            labelled: 0,
            num_shards: 1,
            array_size: 1,
            shards: Vec::new(),
            rejected: Vec::new(),
            files: Vec::new(),
            rejected_by_reason: quality.rejected_by_reason.clone(),
            labels: quality.labels.clone(),
            targets: Default::default(),
            languages: quality.languages.clone(),
            sentiments: quality.sentiments.clone(),
            quality,
            sample: Vec::new(),
        }
    }

    fn told(report: &EtlReport) -> Vec<String> {
        let labels = LabelMap::of_values(report.quality.labels.keys().copied());
        findings(report, &labels, &Configuration::default()).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn clean_balanced_data_has_no_findings() {
        let quality = DataQuality {
            rows: 1_000,
            labels: [(1, 500), (2, 500)].into(),
            languages: [("en".to_owned(), 999), ("de".to_owned(), 1)].into(),
            ..DataQuality::default()
        };
        assert_eq!(told(&report(quality)), Vec::<String>::new());
    }

    #[test]
    fn each_trouble_is_told_with_its_figures() {
        let quality = DataQuality {
            rows: 1_000,
            rejected_by_reason: [(RejectReason::NulByte, 250)].into(),
            duplicates: Duplicates { exact: 100, near: 9 },
            empty_texts: 1,
            html_texts: 2,
            encoding_repairs: [("utf-16".to_owned(), 3)].into(),
            tokens: Lengths { p99: 1_200, ..Lengths::default() },
            labels: [(1, 700), (2, 100)].into(),
            languages: [("en".to_owned(), 900), ("es".to_owned(), 100)].into(),
            ..DataQuality::default()
        };
        let mut report = report(quality);
        report.files.push(FileReport {
            source: "/in/a.csv".to_owned(),
            counts: Counts::default(),
            format: None,
            columns: Vec::new(),
            problem: Some(FileProblem { reason: RejectReason::EmptyFile, detail: String::new() }),
            quality: DataQuality::default(),
        });
        assert_eq!(
            told(&report),
            [
                "a.csv was left out: the file holds no bytes",
                "20.0% of the records cannot be used, more than the 10% that a run may have",
                "100 reviews (10.0%) have the same text as an earlier one",
                "200 reviews (20.0%) have no label",
                "`negative` has 7.0 times as many reviews as `positive`",
                "Besides en, reviews are in es (10.0%)",
                "Nothing is left of 1 review after cleaning",
                "2 reviews hold HTML tags or entities",
                "Read as utf-16: 3 records",
                "One review in a hundred is longer than 1,200 words",
            ]
        );
    }
}
