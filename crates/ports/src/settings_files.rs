//! Files of settings at URIs.

use tamiz_telemetry::Layer;

use crate::{ObjectUri, StoreError, Stores};

/// Reads files of the same settings, in their order.
///
/// # Errors
/// [`StoreError`] of the first that cannot be read, or is no text.
pub async fn read_layers(stores: &dyn Stores, uris: &[ObjectUri]) -> Result<Vec<Layer>, StoreError> {
    let mut layers = Vec::with_capacity(uris.len());
    for uri in uris {
        layers.push(Layer { file: uri.to_string(), text: stores.open(uri)?.read_text("").await? });
    }
    Ok(layers)
}
