//! A sequence of Parquet parts, one for each split of the input that has rows for it.

use std::collections::VecDeque;

use arrow::datatypes::SchemaRef;
use parquet::file::writer::SerializedFileWriter;
use tamiz_domain::{PartEntry, RunId, part_name};
use tamiz_ports::Folder;
use tokio::runtime::Handle;

use crate::EtlError;
use crate::write::row_group::{RowGroup, open_part};
use crate::write::upload::{Pending, Upload};

/// Parts that wait for the network while the next one is written.
const PARTS_AHEAD: usize = 2;

/// Writes row groups into the parts of their splits. Parts depend on the row groups alone.
pub(crate) struct PartWriter {
    schema: SchemaRef,
    run_id: RunId,
    runtime: Handle,
    output: Folder,
    /// Folder of the parts below the run's.
    folder: &'static str,
    open: Option<OpenPart>,
    pending: VecDeque<Pending>,
    parts: Vec<PartEntry>,
}

struct OpenPart {
    split: usize,
    path: String,
    rows: usize,
    writer: SerializedFileWriter<Upload>,
}

impl PartWriter {
    /// To be used on threads that are none of `runtime`'s own.
    pub(crate) fn new(
        schema: SchemaRef,
        run_id: &RunId,
        folder: &'static str,
        output: Folder,
        runtime: Handle,
    ) -> Self {
        let run_id = run_id.clone();
        Self { schema, run_id, runtime, output, folder, open: None, pending: VecDeque::new(), parts: Vec::new() }
    }

    /// Appends a row group to the part of `split`, which is the one before or a later one.
    pub(crate) fn write(&mut self, split: usize, group: RowGroup) -> Result<(), EtlError> {
        if self.open.as_ref().is_some_and(|part| part.split != split) {
            self.close()?;
        }
        let mut part = match self.open.take() {
            Some(part) => part,
            None => self.begin(split)?,
        };
        part.rows += group.num_rows;
        group.append_to(&mut part.writer)?;
        self.open = Some(part);
        Ok(())
    }

    /// Finishes the last part, waits until all are stored, and lists them.
    pub(crate) fn finish(mut self) -> Result<Vec<PartEntry>, EtlError> {
        self.close()?;
        self.settle(0)?;
        Ok(self.parts)
    }

    fn begin(&self, split: usize) -> Result<OpenPart, EtlError> {
        let path = format!("{}/{}", self.folder, part_name(split));
        let upload = Upload::start(&self.runtime, self.output.clone(), path.clone());
        let (writer, _) = open_part(upload, self.schema.clone(), &self.run_id)?;
        Ok(OpenPart { split, path, rows: 0, writer })
    }

    fn close(&mut self) -> Result<(), EtlError> {
        let Some(OpenPart { path, rows, writer, .. }) = self.open.take() else { return Ok(()) };
        let upload = writer.into_inner()?;
        let digest = Some(upload.digest());
        self.pending.push_back(upload.finish());
        self.parts.push(PartEntry { path, rows: rows as u64, digest });
        self.settle(PARTS_AHEAD)
    }

    /// Waits until at most `ahead` parts are under way.
    fn settle(&mut self, ahead: usize) -> Result<(), EtlError> {
        while self.pending.len() > ahead {
            if let Some(oldest) = self.pending.pop_front() {
                oldest.settle(&self.runtime)?;
            }
        }
        Ok(())
    }
}
