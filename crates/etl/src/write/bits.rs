//! The two encodings of small numbers in Parquet pages: runs and bit-packed groups of eight, as in "RLE/Bit-Packing Hybrid"
//! of the format's specification (Encodings.md).

/// Bits that hold every number below `count`; at least one.
pub(crate) fn width_below(count: u32) -> u32 {
    count.saturating_sub(1).checked_ilog2().map_or(1, |log| log + 1)
}

/// Appends one run: `count` times the bit `value`, one bit wide.
pub(crate) fn push_run(value: bool, count: usize, out: &mut Vec<u8>) {
    push_varint((count as u64) << 1, out);
    out.push(u8::from(value));
}

/// Appends `values`, each below 2^`width`, bit-packed; the last group is filled up with zeros.
pub(crate) fn push_packed(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let num_groups = values.len().div_ceil(8);
    push_varint((num_groups as u64) << 1 | 1, out);
    let end = out.len() + num_groups * width as usize;
    out.reserve(end - out.len() + 8);
    let (mut waiting, mut num_waiting) = (0u64, 0);
    for &value in values {
        waiting |= u64::from(value) << num_waiting;
        num_waiting += width;
        if num_waiting >= 32 {
            out.extend_from_slice(&(waiting as u32).to_le_bytes());
            waiting >>= 32;
            num_waiting -= 32;
        }
    }
    out.extend_from_slice(&waiting.to_le_bytes());
    // The last group is whole, so what is cut off or filled in here is zeros.
    out.resize(end, 0);
}

/// Appends bits, all set but those at `zeros` (ascending), bit-packed.
pub(crate) fn push_ones_but(zeros: impl Iterator<Item = usize>, count: usize, out: &mut Vec<u8>) {
    let num_groups = count.div_ceil(8);
    push_varint((num_groups as u64) << 1 | 1, out);
    let start = out.len();
    out.resize(start + num_groups, 0xff);
    for zero in zeros {
        out[start + zero / 8] &= !(1 << (zero % 8));
    }
}

fn push_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_hold_the_largest_number() {
        let widths = [0, 1, 2, 3, 4, 5, 256, 257].map(width_below);
        assert_eq!(widths, [1, 1, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn the_example_of_the_specification_is_packed_as_written_there() {
        let mut out = Vec::new();
        push_packed(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn groups_are_filled_up_with_zeros() {
        let mut out = Vec::new();
        push_packed(&[1; 9], 20, &mut out);
        assert_eq!(out.len(), 1 + 2 * 20);
        assert_eq!(out[21..24], [1, 0, 0]);
        assert!(out[24..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn runs_and_ones_are_short() {
        let mut out = Vec::new();
        push_run(true, 100, &mut out);
        assert_eq!(out, [0xc8, 0x01, 1]);
        out.clear();
        push_ones_but([0, 9].into_iter(), 10, &mut out);
        assert_eq!(out, [0b101, 0b1111_1110, 0b1111_1101]);
    }
}
