//! The dispatcher's protocol over memory seams: every step repeated, broken off and failed, alone and in company.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]
#![expect(clippy::panic, reason = "test code outside of test functions")]

mod announce;
mod desk;
mod fuse;
mod fused_seams;

mod crashes;
mod holding_back;
mod invocations;
mod overlaps;
mod polling;
mod reconciling;
mod refusals;
mod repeats;
mod replaying;
mod settings;
