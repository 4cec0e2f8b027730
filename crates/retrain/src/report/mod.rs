//! What people are told: the card in the model's folder, the mail, and the tracking server's pages.

mod card;
mod mail;
mod tracking;

pub(crate) use card::{Card, card};
pub(crate) use mail::mail;
pub(crate) use tracking::Tracking;
