//! What people are told of a verdict: the mail, the end of the card, and the tracking server's pages.

mod mail;
mod tracking;
mod verdict;

pub(crate) use mail::mail;
pub(crate) use tracking::Tracking;
pub(crate) use verdict::verdict_section;
