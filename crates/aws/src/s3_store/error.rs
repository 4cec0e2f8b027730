//! From S3's answers to the object store's errors.

use object_store::Error;
use object_store::path::Path;

use super::STORE;
use crate::service_error::{Cause, ServiceError};

/// The object store's error for S3's answer about `path`.
pub(crate) fn map(path: &Path, error: impl Into<ServiceError>) -> Error {
    let error = error.into();
    let path = path.to_string();
    let source = |error: ServiceError| Box::new(error) as Box<dyn std::error::Error + Send + Sync>;
    match (&error.cause, error.status) {
        (Cause::NoCredentials, _) => Error::Unauthenticated { path, source: source(error) },
        // No endpoint for this region, or none at all; and 301: the bucket lies in another region.
        (Cause::Unsendable, _) | (_, Some(301)) => Error::NotSupported { source: source(error) },
        (_, Some(304)) => Error::NotModified { path, source: source(error) },
        (_, Some(401)) => Error::Unauthenticated { path, source: source(error) },
        (_, Some(403)) => Error::PermissionDenied { path, source: source(error) },
        (_, Some(404)) => Error::NotFound { path, source: source(error) },
        (_, Some(412)) => Error::Precondition { path, source: source(error) },
        (_, Some(400)) if error.is(&["ExpiredToken", "InvalidToken"]) => {
            Error::Unauthenticated { path, source: source(error) }
        }
        _ => Error::Generic { store: STORE, source: source(error) },
    }
}

/// An answer that lacks what S3 always sends, or a request that S3 does not know.
pub(super) fn generic(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic { store: STORE, source: source.into() }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::http::HttpResponse;
    use aws_sdk_s3::error::{ConnectorError, SdkError};
    use aws_sdk_s3::operation::get_object::GetObjectError;
    use tamiz_domain::{Disposed, Disposition};
    use tamiz_ports::StoreError;

    use super::*;

    fn disposition(error: SdkError<GetObjectError, HttpResponse>) -> Disposition {
        StoreError::of("read", "s3://bucket/key", map(&Path::from("key"), error)).disposition()
    }

    #[test]
    fn a_silent_network_is_transient() {
        let broken = ConnectorError::io("connection reset".into());
        assert_eq!(disposition(SdkError::dispatch_failure(broken)), Disposition::Retry);
        assert_eq!(disposition(SdkError::timeout_error("40 s without an answer")), Disposition::Retry);
    }

    #[test]
    fn a_request_that_cannot_be_built_halts() {
        assert_eq!(disposition(SdkError::construction_failure("no region")), Disposition::Halt);
    }
}
