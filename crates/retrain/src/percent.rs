//! Shares for people.

/// A share as people write it: `90.5%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
