//! Cutting a stream of bytes into records.

use std::borrow::Cow;

use memchr::memchr2;
use tamiz_domain::RejectReason;

use crate::read::delimited::Quoting;

/// Bytes kept of a record that cannot be used.
pub(crate) const KEPT_BYTES: usize = 64 << 10;
/// Bytes of it that are looked at before, so that a number or an address at the end is masked whole and then cut.
pub(crate) const SEEN_BYTES: usize = KEPT_BYTES + (4 << 10);

/// Why a record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub reason: RejectReason,
    /// What was seen, as one clause without review text.
    pub detail: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(reason: RejectReason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// How a whole record is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Fields under this way of quoting.
    Delimited(Quoting),
    /// A JSON object.
    Json,
    /// A line with its labels in front.
    FastText,
}

/// What lies at the start of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Framed {
    /// The record does not end inside the bytes seen so far.
    Incomplete,
    /// Nothing but so many bytes of blank line.
    Blank(usize),
    /// A record of `content` bytes; the next one starts after `consumed`.
    Record { content: usize, consumed: usize, reading: Result<Reading, Fault> },
}

/// How many bytes a framing may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Horizon {
    /// More bytes may follow.
    Open,
    /// The limit of a record's size is reached: what has not ended by now is not to be waited for.
    Limit,
    /// The input ends here.
    End,
}

/// Finds the end of one record. Pure: the same bytes give the same answer, however they were read; an answer
/// other than [`Framed::Incomplete`] does not change when more bytes arrive.
pub(crate) trait Framing {
    /// Looks at the start of `bytes`, which are not empty. May answer `Incomplete` under [`Horizon::Limit`] when the
    /// very first line is longer than the limit, never under [`Horizon::End`].
    fn frame(&self, bytes: &[u8], horizon: Horizon) -> Framed;

    /// Where reading may go on behind a record that is too large: at the first line end, or wherever else a record may
    /// begin. None if `bytes`, which are more of that record, hold no such place.
    fn resume(&self, bytes: &[u8]) -> Option<usize> {
        memchr2(b'\n', b'\r', bytes)
    }
}
