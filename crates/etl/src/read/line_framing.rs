//! Records that are one line each: JSON Lines and fastText.

use memchr::memchr2;

use crate::read::delimited::line_end;
use crate::read::framing::{Framed, Framing, Horizon, Reading};

/// One record a line. No line break can stand inside a JSON string or a fastText line, so every one ends a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineFraming(pub Reading);

impl Framing for LineFraming {
    fn frame(&self, bytes: &[u8], horizon: Horizon) -> Framed {
        let end = memchr2(b'\n', b'\r', bytes);
        let content = match end {
            Some(content) => content,
            None if horizon == Horizon::End => bytes.len(),
            None => return Framed::Incomplete,
        };
        let consumed = content + line_end(&bytes[content..]);
        if bytes[..content].iter().all(u8::is_ascii_whitespace) {
            return Framed::Blank(consumed);
        }
        Framed::Record { content, consumed, reading: Ok(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_any_line_end_and_blank_ones_are_none() {
        let framing = LineFraming(Reading::Json);
        let frame = |text: &str| framing.frame(text.as_bytes(), Horizon::End);
        for text in ["{}\n{}", "{}\r\n{}", "{}\r{}"] {
            assert!(matches!(frame(text), Framed::Record { content: 2, .. }), "{text:?}");
        }
        assert_eq!(frame("  \n{}"), Framed::Blank(3));
        assert_eq!(framing.frame(b"{\"a\":", Horizon::Open), Framed::Incomplete);
    }
}
