//! How well near duplicates are found among real texts, against their true Jaccard similarity.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use tamiz_domain::DuplicateConfiguration;
use tamiz_text::{Analyzer, Language};

use super::duplicates::{Duplicate, DuplicateFinder};
use super::fingerprint::{Fingerprint, token_hash};

/// Rows of a shard.
const SHARD: usize = 100_000;

/// A text as the finder and the reference see it.
struct Text {
    clean: String,
    tokens: Vec<Range<usize>>,
}

impl Text {
    fn of(analyzer: &mut Analyzer, raw: &str) -> Self {
        let analysis = analyzer.analyze_as(raw, Language::English);
        let clean = analysis.clean_text().to_owned();
        let mut end = 0;
        let mut place = |token: &str| {
            let start = end + clean[end..].find(token).unwrap();
            end = start + token.len();
            start..end
        };
        Self { tokens: analysis.tokens().map(&mut place).collect(), clean }
    }

    fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| &self.clean[token.clone()])
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.clean, self.tokens().map(token_hash))
    }

    fn shingles(&self) -> HashSet<[&str; 3]> {
        let tokens: Vec<&str> = self.tokens().collect();
        tokens.array_windows().copied().collect()
    }

    fn similarity(&self, other: &Self) -> f64 {
        let (one, other) = (self.shingles(), other.shingles());
        let common = one.intersection(&other).count();
        common as f64 / (one.len() + other.len() - common) as f64
    }
}

/// Real reviews: groups of four sentences that follow one another, about 72 tokens.
fn reviews() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/train/reviews.csv.gz");
    let mut reader = csv::Reader::from_reader(GzDecoder::new(std::fs::File::open(file).unwrap()));
    let sentences: Vec<String> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
    sentences.chunks(4).map(|group| group.join(" ")).collect()
}

/// A number below `below` that depends on the arguments alone.
fn draw(seed: usize, number: usize, below: usize) -> usize {
    (token_hash(&format!("{seed}/{number}")) % below as u64) as usize
}

/// `text` with so many of its words replaced by words of `other`, a few words cut off, and perhaps a sentence added.
fn edited(text: &str, other: &str, seed: usize) -> String {
    let (mut words, donor): (Vec<&str>, Vec<&str>) = (text.split(' ').collect(), other.split(' ').collect());
    for change in 0..draw(seed, 0, 8) {
        let at = draw(seed, 10 + change, words.len());
        words[at] = donor[draw(seed, 20 + change, donor.len())];
    }
    words.drain(..draw(seed, 1, words.len().min(12)));
    words.extend(donor.iter().take(draw(seed, 2, 20)));
    words.join(" ")
}

/// `text` as another person would have typed it: words in capitals, other punctuation, more space.
fn retyped(text: &str) -> String {
    let loud = |word: &str| if word.contains(['.', '/', '@', '&']) { word.to_owned() } else { word.to_uppercase() };
    let words: Vec<String> = text.replace(", ", "; ").replace(". ", "!!! ").split(' ').map(loud).collect();
    words.join("  ")
}

/// What was found against what is true.
#[derive(Debug, Default)]
struct Score {
    all: u32,
    right: u32,
    found: u32,
    wanted: u32,
}

impl Score {
    fn add(&mut self, found: bool, wanted: bool) {
        self.all += 1;
        self.right += u32::from(found && wanted);
        self.found += u32::from(found);
        self.wanted += u32::from(wanted);
    }

    fn share_found(&self) -> f64 {
        f64::from(self.found) / f64::from(self.all)
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.found)
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.wanted)
    }
}

#[test]
fn edited_reviews_are_found_again_by_their_true_similarity() {
    let (mut analyzer, reviews) = (Analyzer::new(), reviews());
    let mut finder = DuplicateFinder::new(&DuplicateConfiguration::default(), 100_000);
    let mut originals = Vec::new();
    for review in &reviews {
        let text = Text::of(&mut analyzer, review);
        originals.push((finder.see(&text.fingerprint()).is_none(), text));
    }
    let mut by_similarity = BTreeMap::<u32, Score>::new();
    for (number, (review, (is_first, original))) in reviews.iter().zip(&originals).enumerate() {
        if !is_first || original.tokens.len() < 24 {
            continue;
        }
        let exact = Text::of(&mut analyzer, &retyped(review)).fingerprint();
        assert_eq!(finder.see(&exact), Some(Duplicate::Exact), "{review}");
        for seed in 4 * number..4 * number + 4 {
            let edited = edited(review, &reviews[draw(seed, 3, reviews.len())], seed);
            let edited = Text::of(&mut analyzer, &edited);
            let similarity = original.similarity(&edited);
            // A finder that saw nothing but the original: edits must not find one another.
            let mut alone = DuplicateFinder::new(&DuplicateConfiguration::default(), 2);
            alone.see(&original.fingerprint());
            let found = alone.see(&edited.fingerprint()).is_some();
            by_similarity.entry((similarity * 10.0) as u32).or_default().add(found, similarity >= 0.8);
        }
    }
    for (tenth, score) in &by_similarity {
        println!("similarity 0.{tenth}: {} texts, {:.3} found", score.all, score.share_found());
    }
    let found = |tenth| by_similarity.get(&tenth).map_or(0.0, Score::share_found);
    assert!((0..6).all(|tenth| found(tenth) == 0.0) && found(6) < 0.04, "{by_similarity:?}");
    assert!(found(8) > 0.7 && found(9) > 0.98, "{by_similarity:?}");
}

/// The shortest of some repetitions, and what they give: what else runs on the machine is no cost of ours.
fn fastest<T>(work: impl Fn() -> T) -> (Duration, T) {
    let timed = |_| {
        let started = Instant::now();
        let value = work();
        (started.elapsed(), value)
    };
    (0..40).map(timed).min_by_key(|(time, _)| *time).unwrap()
}

/// A file of the real data.
fn data(name: &str) -> String {
    let file = PathBuf::from(std::env::var_os("TAMIZ_DATA").unwrap()).join(name);
    let mut csv = String::new();
    zstd::Decoder::new(std::fs::File::open(file).unwrap()).unwrap().read_to_string(&mut csv).unwrap();
    csv
}

/// Texts of 141,856 real reviews, those of one shop with many repetitions.
fn real_texts() -> Vec<String> {
    let polarity = data("polarity/train.csv.zst");
    let mut polarity = csv::ReaderBuilder::new().has_headers(false).from_reader(polarity.as_bytes());
    let polarity =
        polarity.records().map(|record| record.unwrap()).map(|record| format!("{} {}", &record[1], &record[2]));
    let shop = data("small/datafiniti_may19.csv.zst");
    let mut shop = csv::Reader::from_reader(shop.as_bytes());
    let column = shop.headers().unwrap().iter().position(|name| name == "reviews.text").unwrap();
    polarity.chain(shop.records().map(|record| record.unwrap()[column].to_owned())).collect()
}

/// For each text of a shard whether an earlier one, that is none itself, has a true similarity of 0.8; by brute force.
fn reference(texts: &[Text]) -> Vec<bool> {
    let mut postings: HashMap<[&str; 3], Vec<u32>> = HashMap::new();
    let mut sizes = Vec::new();
    texts
        .iter()
        .map(|text| {
            let shingles = text.shingles();
            let mut common: HashMap<u32, usize> = HashMap::new();
            for earlier in shingles.iter().filter_map(|shingle| postings.get(shingle)).flatten() {
                *common.entry(*earlier).or_default() += 1;
            }
            let near = |(&at, &common): (&u32, &usize)| {
                let all: usize = shingles.len() + sizes[at as usize] - common;
                common as f64 >= 0.8 * all as f64
            };
            let is_near = text.tokens.len() >= 12 && common.iter().any(near);
            if !is_near {
                for shingle in &shingles {
                    postings.entry(*shingle).or_default().push(sizes.len() as u32);
                }
                sizes.push(shingles.len());
            }
            is_near
        })
        .collect()
}

#[test]
fn duplicates_among_real_reviews_are_those_of_a_brute_force_search_needs_tamiz_data() {
    let mut analyzer = Analyzer::new();
    let texts: Vec<Text> = real_texts().iter().map(|text| Text::of(&mut analyzer, text)).collect();
    let few = &texts[..2_000];
    let num_tokens: usize = few.iter().map(|text| text.tokens.len()).sum();
    let hashes: Vec<Vec<u64>> = texts.iter().map(|text| text.tokens().map(token_hash).collect()).collect();
    let hashing = fastest(|| few.iter().flat_map(Text::tokens).map(token_hash).fold(0, u64::wrapping_add)).0;
    let fingerprint = |(text, hashes): (&Text, &Vec<u64>)| Fingerprint::of(&text.clean, hashes.iter().copied());
    let (fingerprinting, _) = fastest(|| few.iter().zip(&hashes).map(fingerprint).collect::<Vec<_>>());
    let fingerprints: Vec<Fingerprint> = texts.iter().zip(&hashes).map(fingerprint).collect();
    let (finding, found) = fastest(|| {
        let mut finder = DuplicateFinder::new(&DuplicateConfiguration::default(), SHARD);
        let mut shard = |shard: &[Fingerprint]| {
            finder.reset();
            shard.iter().map(|fingerprint| finder.see(fingerprint)).collect::<Vec<_>>()
        };
        fingerprints.chunks(SHARD).flat_map(&mut shard).collect::<Vec<_>>()
    });
    let each = |time: Duration, number: usize| time.as_nanos() as f64 / number as f64;
    println!("{} texts, {num_tokens} tokens", texts.len());
    println!("hash {:.2} ns a token", each(hashing, num_tokens));
    println!(
        "fingerprint {:.2} ns a token, {:.0} ns a text",
        each(fingerprinting, num_tokens),
        each(fingerprinting, few.len())
    );
    println!("finder {:.0} ns a text", each(finding, texts.len()));
    println!("exact {}", found.iter().filter(|found| **found == Some(Duplicate::Exact)).count());
    let mut score = Score::default();
    for ((found, wanted), text) in found.into_iter().zip(texts.chunks(SHARD).flat_map(reference)).zip(&texts) {
        if text.tokens.len() >= 12 {
            score.add(found.is_some(), wanted);
        }
    }
    println!("{score:?} precision {:.3} recall {:.3}", score.precision(), score.recall());
    assert!(score.precision() > 0.98 && score.recall() > 0.97, "{score:?}");
}
