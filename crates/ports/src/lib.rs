//! The seams between Tamiz and the world: object stores at a URI, uploads, queue, workflow, capacity, jobs, mail.
//!
//! Each seam has a trait that says what is atomic and who owns what, a memory version for tests, and where it
//! matters a faulty wrapper and a conformance suite that every implementation passes. The object-store seam is
//! the [`object_store`] crate's own trait.

mod capacity;
pub mod conformance;
mod failure_record;
mod faulty_store;
mod folder;
mod folder_digest;
mod folder_store;
mod jobs;
mod mail;
mod mail_text;
mod memory_stores;
mod parquet_object;
mod queue;
mod settings_files;
mod store_error;
mod stores;
mod uploads;
mod uri;
mod workflow;

pub use capacity::{Capacity, FixedCapacity};
pub use failure_record::record_failure;
pub use faulty_store::{Fault, FaultyStore, Moment, Operation};
pub use folder::{Created, Folder, Swapped, Versioned};
pub use folder_store::FolderStore;
pub use jobs::{FixedJobs, Jobs};
pub use mail::{FolderMailer, Mail, MailError, Mailer, MemoryMailer};
pub use mail_text::wrapped;
pub use memory_stores::MemoryStores;
pub use parquet_object::ParquetObject;
pub use queue::{MemoryQueue, Message, Queue, QueueError, Receipt};
pub use settings_files::read_layers;
pub use store_error::{ChecksumMismatch, StoreError};
pub use stores::{FolderStores, Stores};
pub use uploads::{MemoryUploads, StoredUpload, Uploads};
pub use uri::{InvalidUri, ObjectUri};
pub use workflow::{ExecutionStatus, MemoryWorkflow, Started, Workflow, WorkflowError};
