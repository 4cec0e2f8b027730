//! Events to runs, exactly once.
//!
//! A message goes through the states Received → Planned → Claimed → Started → Settled, each a type of its own, and
//! only a [`Settled`] one can be acknowledged. The steps behind them, in this order:
//!
//! 1. the manifest of the run is written, create-only;
//! 2. each object of it is claimed, create-only; claims are never changed;
//! 3. the execution named by the run id is started, and the start is marked beside the manifest;
//! 4. the message is acknowledged.
//!
//! Two rules make every crash harmless. *A run is started only once every object of its manifest is claimed by
//! somebody*, so what a started run owns never changes; and *a claim whose run never started is finished, not
//! stolen*, by whoever meets it. Every effect goes through a seam (stores, queue, workflow, capacity, clock), so that
//! a simulation can drive this very code.

mod clock;
mod collect;
mod dispatch;
mod error;
mod events;
mod execution;
mod lambda;
mod ledger;
mod packing;
mod poll;
mod reconcile;
mod records;
mod replay;
mod room;
mod run_states;
mod settings;
mod settle;

pub use clock::{Clock, SystemClock};
pub use dispatch::Dispatcher;
pub use error::DispatchError;
pub use events::{Record, Refusal, Sequencer, Upload, announcement, parse};
pub use lambda::{handle, serve};
pub use ledger::Outcome;
pub use packing::pack;
pub use poll::{HEARTBEAT, VISIBILITY, run};
pub use reconcile::{Finding, Findings, ReconcileJob, Reconciled, Reconciliation};
pub use records::{RefusedRecord, RepeatRecord, refusal_of};
pub use replay::{Replay, ReplayedRun};
pub use settings::{Deps, Settings, configuration};
pub use settle::{Dispatched, Kept, KeptBecause, Settled};
