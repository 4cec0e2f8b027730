//! What people are told of a verdict: the mail, and the tracking server's pages.

mod mail;
mod tracking;

pub(crate) use mail::mail;
pub(crate) use tracking::Tracking;
