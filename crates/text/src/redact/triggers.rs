//! Finding the next byte that a number or an address can begin with. Most text has none for long stretches, and this is
//! what those cost.

/// Bytes looked at together: a few vector instructions.
const LANES: usize = 32;

/// The first digit or colon at or after byte `from`.
pub(super) fn next_digit_or_colon(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let is_quiet = |lanes: &&[u8]| !lanes.iter().fold(false, |any, &byte| any | is_digit_or_colon(byte));
    let quiet = rest.chunks_exact(LANES).take_while(is_quiet).count() * LANES;
    rest[quiet..].iter().position(|&byte| is_digit_or_colon(byte)).map(|index| from + quiet + index)
}

/// The colon comes right after the digits in ASCII, which makes this one comparison.
fn is_digit_or_colon(byte: u8) -> bool {
    byte.wrapping_sub(b'0') <= b':' - b'0'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_digit_or_colon_is_found_wherever_it_stands() {
        for at in 0..100 {
            let mut bytes = vec![b'x'; 100];
            assert_eq!(next_digit_or_colon(&bytes, 0), None);
            for trigger in [b'0', b'9', b':'] {
                bytes[at] = trigger;
                let first = |from| next_digit_or_colon(&bytes, from);
                assert!((0..=at).all(|from| first(from) == Some(at)) && first(at + 1).is_none());
            }
        }
        assert!((0..=255u8).all(|byte| is_digit_or_colon(byte) == (byte.is_ascii_digit() || byte == b':')));
    }
}
