//! What is remembered of a text to know it, or nearly the same text, again.

use twox_hash::XxHash3_64;

/// Values in a signature.
pub(crate) const BINS: usize = 64;
/// Bits of a hash that choose the bin.
const BIN_BITS: u32 = BINS.ilog2();
/// Tokens in a shingle.
const SHINGLE_TOKENS: usize = 3;
/// No hash competes with this value.
const EMPTY: u64 = u64::MAX;
/// For each bin whether it is filled from the next bin or from the last one before it: a fair coin, thrown once.
const FILLED_FROM_NEXT: u64 = 0x9e37_79b9_7f4a_7c15;

/// A text as [`DuplicateFinder`](crate::quality::duplicates::DuplicateFinder) sees it. The same over platforms and
/// versions.
///
/// The signature is a MinHash (Broder, On the resemblance and containment of documents, 1997) of the set of word
/// triples: the share of equal values in two signatures estimates the sets' Jaccard similarity. Each triple is hashed
/// once, and its hash says which one of the bins it competes for (one-permutation hashing: Li, Owen and Zhang, NIPS
/// 2012). Bins that stay empty, as they do in short texts, would bias the estimate: they are filled from others
/// (Shrivastava and Li, Improved densification of one permutation hashing, UAI 2014). One byte of each value is kept:
/// unequal values look equal once in 256 times, which the estimate takes out (Li and König, b-bit minwise hashing, WWW
/// 2010).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Hash of the clean text; none where the cleaning left nothing.
    pub exact: Option<u64>,
    /// Tokens that were hashed.
    pub num_tokens: usize,
    /// None for fewer than three tokens.
    pub signature: Option<Signature>,
}

/// See [`Fingerprint`].
pub(crate) type Signature = [u8; BINS];

impl Fingerprint {
    /// Fingerprint of a clean text. `token_hashes` are [`token_hash`]es (or any other 64 well-mixed bits that depend on
    /// the token alone) of its tokens in order; none where near duplicates are not looked for.
    pub(crate) fn of(clean_text: &str, token_hashes: impl Iterator<Item = u64>) -> Self {
        let exact = (!clean_text.is_empty()).then(|| XxHash3_64::oneshot(clean_text.as_bytes()));
        let mut smallest = [EMPTY; BINS];
        let (mut first, mut second, mut num_tokens) = (0_u64, 0_u64, 0);
        for third in token_hashes {
            num_tokens += 1;
            if num_tokens >= SHINGLE_TOKENS {
                // Well-mixed and independent already: turning them keeps their order, no more mixing is needed.
                let shingle = first.rotate_left(42).wrapping_add(second.rotate_left(21)).wrapping_add(third);
                let bin = &mut smallest[bin_of(shingle)];
                *bin = (*bin).min(shingle);
            }
            (first, second) = (second, third);
        }
        let signature = (num_tokens >= SHINGLE_TOKENS).then(|| densified(&smallest).map(|value| value as u8));
        Self { exact, num_tokens, signature }
    }
}

fn bin_of(hash: u64) -> usize {
    (hash >> (u64::BITS - BIN_BITS)) as usize
}

/// The bins with each empty one filled from the nearest that is not, on a side that depends on the bin alone. One step a
/// bin however many are empty: walking would cost more than all the hashing.
fn densified(bins: &[u64; BINS]) -> [u64; BINS] {
    let is_filled = |bin: usize| u64::from(bins[bin] != EMPTY) << bin;
    let filled = (0..BINS).map(is_filled).fold(0, std::ops::BitOr::bitor);
    std::array::from_fn(|bin| {
        let next = (bin as u32 + filled.rotate_right(bin as u32).trailing_zeros()) as usize % BINS;
        let last = (bin + BINS - filled.rotate_left((BINS - 1 - bin) as u32).leading_zeros() as usize) % BINS;
        bins[if FILLED_FROM_NEXT >> bin & 1 == 1 { next } else { last }]
    })
}

/// Hash of a token, as `tamiz_text::Vocabulary::hash` has it.
#[cfg(test)]
pub(crate) fn token_hash(token: &str) -> u64 {
    XxHash3_64::oneshot(token.as_bytes())
}

/// Share of word triples that two texts have in common, estimated: within about 0.05 at 0.8. Below zero for texts that
/// have less in common than chance.
pub(crate) fn similarity(num_equal: usize) -> f64 {
    const BY_CHANCE: f64 = 1.0 / 256.0;
    (num_equal as f64 / BINS as f64 - BY_CHANCE) / (1.0 - BY_CHANCE)
}

/// Values that two signatures share.
pub(crate) fn num_equal(one: &Signature, other: &Signature) -> usize {
    one.iter().zip(other).filter(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(text: &str) -> Fingerprint {
        Fingerprint::of(text, text.split(' ').filter(|token| !token.is_empty()).map(token_hash))
    }

    /// Words that no two numbers share.
    fn words(numbers: std::ops::Range<u32>) -> String {
        numbers.map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fingerprints_stay_the_same_over_versions() {
        let found = fingerprint("great book i cannot stop reading it");
        assert_eq!(found.exact.map(|hash| format!("{hash:016x}")).as_deref(), Some("99442708b272c2a7"));
        let beginning = found.signature.map(|signature| hex::encode(&signature[..16]));
        assert_eq!(beginning.as_deref(), Some("c5c5c2c22e2e2e2e2e2e10101010102e"));
    }

    #[test]
    fn the_estimate_follows_the_true_similarity() {
        for shared in [20_u32, 60, 120, 400] {
            for own in [0, shared / 10, shared / 4, shared] {
                let (mut sum, repeats) = (0.0, 40);
                for repeat in 0..repeats {
                    let start = 10_000 * repeat;
                    let common = words(start..start + shared);
                    let one = format!("{common} {}", words(start + 1_000..start + 1_000 + own));
                    let other = format!("{common} {}", words(start + 2_000..start + 2_000 + own));
                    let signatures = [one, other].map(|text| fingerprint(&text).signature.unwrap());
                    sum += similarity(num_equal(&signatures[0], &signatures[1]));
                }
                let truth = f64::from(shared - 2) / f64::from(shared - 2 + 2 * own);
                let estimate = sum / f64::from(repeats);
                assert!((estimate - truth).abs() < 0.03, "{shared} shared, {own} own: {estimate:.3} for {truth:.3}");
            }
        }
    }

    #[test]
    fn order_counts_and_short_texts_have_no_signature() {
        let [one, other] = ["a b c d e f", "f e d c b a"].map(|text| fingerprint(text).signature.unwrap());
        assert!(similarity(num_equal(&one, &other)) < 0.1);
        assert_eq!(fingerprint("good phone").signature, None);
        assert_eq!(fingerprint("").exact, None);
    }

    #[test]
    fn a_text_of_one_word_repeated_ends() {
        assert!(fingerprint(&"very ".repeat(1_000)).signature.is_some());
    }
}
