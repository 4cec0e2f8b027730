//! What S3 says about an object, in the object store's words.

use aws_smithy_types::DateTime;
use chrono::Utc;

/// `etag` as `If-Match` and `If-None-Match` want it: in quotes, which S3's events leave out.
pub(super) fn quoted(etag: &str) -> String {
    if etag == "*" || etag.starts_with('"') || etag.starts_with("W/") { etag.to_owned() } else { format!("\"{etag}\"") }
}

/// The time of the last change; the epoch where S3 does not say, which it always does.
pub(super) fn last_modified(time: Option<&DateTime>) -> chrono::DateTime<Utc> {
    time.and_then(|time| chrono::DateTime::from_timestamp(time.secs(), time.subsec_nanos())).unwrap_or_default()
}

/// A time as the SDK wants it.
pub(super) fn smithy_time(time: chrono::DateTime<Utc>) -> DateTime {
    DateTime::from_secs_and_nanos(time.timestamp(), time.timestamp_subsec_nanos())
}

/// A size in bytes; S3 never answers a negative one.
pub(super) fn size(size: Option<i64>) -> u64 {
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_gets_its_quotes_once() {
        assert_eq!(["abc-2", "\"abc\"", "*"].map(quoted), ["\"abc-2\"", "\"abc\"", "*"]);
    }
}
