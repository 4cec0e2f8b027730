//! Files packed with gzip or zstd.
//!
//! Of several members, cut off, damaged, followed by something else, or of next to nothing that unpacks to a lot.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use tamiz_domain::RejectReason;
use tamiz_fuzz::cleaning::{Cleaning, MAX_UNPACKED_BYTES, check};
use tamiz_fuzz::execution;

/// What an execution may take; see `cleaning::MEGABYTES`.
const MEGABYTES: isize = 160;
/// Unpacked bytes of the largest file that is made here: some times more than may be unpacked.
const MAX_BYTES: usize = 512 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, members, harm, growth], text)) = data.split_first_chunk() else { return };
    let pack = match kind % 4 {
        0 => gzip,
        1 => zstd,
        // Packed by whoever made the input, well or badly.
        _ => {
            check(text);
            return;
        }
    };
    // Few inputs are to be large.
    let times = 1_usize << growth.saturating_sub(u8::MAX - 15);
    let text = text.repeat(times.min(MAX_BYTES / text.len().max(1)).max(1));
    let pieces = text.chunks(text.len().div_ceil(1 + members as usize % 4).max(1));
    let members: Vec<Vec<u8>> = pieces.map(pack).collect();
    execution::within(MEGABYTES, || match harm {
        0 => whole(&text, &members.concat()),
        1..128 => cut(&members, harm),
        128.. => damaged(members.concat(), harm),
    });
});

/// What is packed well is read as if it were not, up to the limit.
fn whole(text: &[u8], packed: &[u8]) {
    let cleaning = Cleaning::of(packed);
    let unpacked = cleaning.clean(packed);
    unpacked.check(packed, &cleaning.configuration);
    let problem = unpacked.report.files[0].problem.as_ref().map(|problem| problem.reason);
    if text.len() as u64 > MAX_UNPACKED_BYTES {
        let is_read = unpacked.report.files[0].format.is_some();
        assert!(!is_read || problem == Some(RejectReason::DecompressionBomb), "{problem:?}");
    } else if !is_container(text) && !packed.is_empty() {
        // Under the same name, so that rows have the same ids.
        assert!(unpacked.parts() == cleaning.clean(text).parts(), "packing changes the outcome");
    }
}

/// Whether the text would be opened in another way, were it not packed.
fn is_container(text: &[u8]) -> bool {
    [&b"PAR1"[..], b"\x1f\x8b", b"\x28\xb5\x2f\xfd"].iter().any(|signature| text.starts_with(signature))
}

/// What is cut off between two members is shorter, anywhere else it is told of.
fn cut(members: &[Vec<u8>], place: u8) {
    let packed = members.concat();
    let end = packed.len() * usize::from(place) / 128;
    let ends = members.iter().scan(0, |end, member| {
        *end += member.len();
        Some(*end)
    });
    let is_between = ends.into_iter().any(|between| between == end);
    let cleaning = Cleaning::of(&packed[..end]);
    let cleaned = cleaning.clean(&packed[..end]);
    cleaned.check(&packed[..end], &cleaning.configuration);
    assert!(is_between || cleaned.report.files[0].problem.is_some(), "a break at {end} is not told of");
}

/// Whatever is damaged, nothing is lost that was read.
fn damaged(mut packed: Vec<u8>, place: u8) {
    if let Some(byte) = packed.len().checked_sub(1).map(|last| last * usize::from(place - 128) / 127) {
        packed[byte] ^= place | 1;
    }
    check(&packed);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).expect("memory takes everything")
}
