//! Being asked to stop.

pub use tokio_util::sync::CancellationToken as Shutdown;

/// A token that is cancelled by SIGTERM (Batch, Spot, Step Functions) or Ctrl-C.
///
/// Must be called inside a tokio runtime.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn shutdown_on_signals() -> std::io::Result<Shutdown> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let shutdown = Shutdown::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::warn!("asked to stop by SIGTERM: saving progress"),
            _ = tokio::signal::ctrl_c() => tracing::warn!("asked to stop by Ctrl-C: saving progress"),
        }
        token.cancel();
    });
    Ok(shutdown)
}
