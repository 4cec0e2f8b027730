//! Rows on their way from a stream to where they can be looked up by number: a file without a name on the local disk, mapped into
//! memory. Millions of reviews need no memory of their own by that, and a store is read once, however often training looks at a row.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Int8Array, RecordBatch};
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::root_as_footer;
use arrow::ipc::writer::FileWriter;
use bytes::Bytes;
use memmap2::Mmap;
use tamiz_domain::LabelMap;

use super::columns::{Block, Form, Labels, numbered, numbered_schema};
use super::entities::NamedSpan;
use super::label::{NO_LABEL, Span, Spans};
use super::rows::Rows;

/// Bytes of an Arrow file after its footer: the footer's length, and `ARROW1`.
const TRAILER: usize = 10;

/// Why rows could not be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    /// The local disk.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// The file's format, or a disk that is full.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Labels that do not fit together.
    #[error("{0}")]
    Labels(String),
}

/// Takes labelled rows.
pub(super) struct Spool {
    writer: FileWriter<File>,
    file: File,
    names: Names,
    /// What labels are, once any was seen.
    form: Option<Form>,
    entities: Spans,
}

/// What the labels of the rows stand for.
enum Names {
    /// Numbers, which are their own names; those that occur.
    Numbers(Vec<bool>),
    /// Names, in the order in which they were met.
    Found(Vec<String>),
    /// Names whose numbers another set of rows gave.
    Given(LabelMap),
}

impl Spool {
    /// An empty one; its file is gone when the rows are. With `labels` names get those numbers, and others are refused.
    pub fn create(labels: Option<&LabelMap>) -> Result<Self, SpoolError> {
        let file = tempfile::tempfile()?;
        let writer = FileWriter::try_new(file.try_clone()?, &numbered_schema())?;
        let names = labels.map_or(Names::Found(Vec::new()), |labels| Names::Given(labels.clone()));
        Ok(Self { writer, file, names, form: None, entities: Spans::default() })
    }

    /// Adds a batch as [`super::columns::labelled`] makes it.
    pub fn add(&mut self, batch: &RecordBatch, labels: &Labels) -> Result<(), SpoolError> {
        let form = *self.form.get_or_insert(labels.form());
        if form != labels.form() {
            let (other, form) = (labels.form().name(), form.name());
            return Err(SpoolError::Labels(format!(
                "its labels are {other}, and those of a file before it are {form}"
            )));
        }
        let numbers = match labels {
            Labels::Numbers(labels) => self.names.check(labels)?,
            Labels::Names(labels) => {
                labels.iter().flatten().map(|name| self.names.number(name)).collect::<Result<_, _>>()?
            }
            Labels::Entities(labels) => {
                for spans in labels {
                    let span = |span: &NamedSpan| {
                        Ok(Span { start: span.start, end: span.end, kind: self.names.number(&span.kind)? })
                    };
                    self.entities.push(spans.iter().map(span).collect::<Result<Vec<_>, SpoolError>>()?);
                }
                // The column is there, and nobody reads it.
                Int8Array::from(vec![NO_LABEL; labels.len()])
            }
        };
        if batch.num_rows() > 0 {
            self.writer.write(&numbered(batch, numbers)?)?;
        }
        Ok(())
    }

    /// The rows, to be looked up.
    pub fn finish(mut self) -> Result<Rows, SpoolError> {
        self.writer.finish()?;
        drop(self.writer);
        // SAFETY: the file has no name, and its only other handle was the writer's, which is gone: nobody can change or cut it while it is mapped.
        let map = unsafe { Mmap::map(&self.file)? };
        let mut blocks: Vec<Block> = decode(&Buffer::from(Bytes::from_owner(map)))?.iter().map(Block::of).collect();
        let (labels, renumbered) = self.names.settle()?;
        let renumber = |at: i8| renumbered.get(at as usize).copied().unwrap_or(at);
        if self.form == Some(Form::Entities) {
            self.entities.renumber(renumber);
            return Ok(Rows::new(blocks, labels, Some(self.entities)));
        }
        if !renumbered.is_empty() {
            blocks.iter_mut().for_each(|block| block.labels = block.labels.unary(renumber));
        }
        Ok(Rows::new(blocks, labels, None))
    }
}

/// The batches of an Arrow file, whose columns lie where the file lies.
fn decode(file: &Buffer) -> Result<Vec<RecordBatch>, ArrowError> {
    let malformed = |what: &str| ArrowError::ParseError(what.to_owned());
    let end = file.len().checked_sub(TRAILER).ok_or_else(|| malformed("no Arrow file"))?;
    let trailer = file[end..].try_into().map_err(|_| malformed("no Arrow file"))?;
    let start = end.checked_sub(read_footer_length(trailer)?).ok_or_else(|| malformed("no Arrow file"))?;
    let footer = root_as_footer(&file[start..end]).map_err(|error| malformed(&error.to_string()))?;
    let schema = try_fb_to_schema(footer.schema().ok_or_else(|| malformed("no schema"))?)?;
    let decoder = FileDecoder::new(Arc::new(schema), footer.version());
    let mut batches = Vec::new();
    for block in footer.recordBatches().into_iter().flatten() {
        let length = block.bodyLength() as usize + block.metaDataLength() as usize;
        batches.extend(decoder.read_record_batch(block, &file.slice_with_length(block.offset() as usize, length))?);
    }
    Ok(batches)
}

impl Names {
    /// Labels that are numbers.
    fn check(&mut self, labels: &Int8Array) -> Result<Int8Array, SpoolError> {
        if labels.values().contains(&NO_LABEL) {
            let why = format!("a row has the label {NO_LABEL}: labels are whole numbers from -127 to 127");
            return Err(SpoolError::Labels(why));
        }
        if matches!(self, Self::Found(_)) {
            *self = Self::Numbers(vec![false; 256]);
        }
        if let Self::Numbers(seen) = self {
            labels.values().iter().for_each(|&label| seen[usize::from(label as u8)] = true);
        }
        Ok(labels.clone())
    }

    /// The number of a name; names get theirs in the order in which they are met, which [`Self::settle`] puts right.
    fn number(&mut self, name: &str) -> Result<i8, SpoolError> {
        match self {
            Self::Found(found) => {
                let at = found.iter().position(|known| known == name).unwrap_or_else(|| {
                    found.push(name.to_owned());
                    found.len() - 1
                });
                i8::try_from(at).map_err(|_| many())
            }
            Self::Given(given) => {
                let by_name = given.0.iter().find(|class| class.name == name);
                let class = by_name.or_else(|| given.0.iter().find(|class| number(name) == Some(class.value)));
                let unknown = || SpoolError::Labels(format!("no row to train with has its label `{name}`"));
                class.map(|class| class.value).ok_or_else(unknown)
            }
            // A file's labels are of one form, which was compared.
            Self::Numbers(_) => Err(SpoolError::Labels(format!("its label `{name}` is no number"))),
        }
    }

    /// What the numbers stand for; and, of names that were found, the number of each: itself where all are numbers, as further labels are
    /// written, or its place in the alphabet, whatever the order of the rows.
    fn settle(self) -> Result<(LabelMap, Vec<i8>), SpoolError> {
        match self {
            Self::Given(labels) => Ok((labels, Vec::new())),
            Self::Numbers(seen) => {
                let occurring = (0..=255_u8).filter(|&at| seen[usize::from(at)]).map(|at| at as i8);
                Ok((LabelMap::of_values(occurring), Vec::new()))
            }
            Self::Found(found) if !found.is_empty() && found.iter().all(|name| number(name).is_some()) => {
                let values: Vec<i8> = found.iter().filter_map(|name| number(name)).collect();
                Ok((LabelMap::of_values(values.iter().copied()), values))
            }
            Self::Found(found) => {
                let labels = LabelMap::of_names(found.iter().map(String::as_str)).ok_or_else(many)?;
                let value =
                    |name: &String| labels.0.iter().find(|class| class.name == *name).map_or(0, |class| class.value);
                let values = found.iter().map(value).collect();
                Ok((labels, values))
            }
        }
    }
}

/// The number that a name is.
fn number(name: &str) -> Option<i8> {
    name.parse().ok().filter(|&number: &i8| number != NO_LABEL && number.to_string() == name)
}

fn many() -> SpoolError {
    SpoolError::Labels("its labels have more than 128 names: too many for classes".into())
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, StringArray};

    use super::super::columns::labelled;
    use super::*;

    #[test]
    fn the_number_that_stands_for_no_label_is_refused_as_one() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["good", "bad"]));
        let labels: ArrayRef = Arc::new(Int8Array::from(vec![1, NO_LABEL]));
        let batch = RecordBatch::try_from_iter([("text", texts), ("label", labels)]).unwrap();
        let (batch, labels) = labelled(&batch, "label", 0).unwrap();
        let refused = Spool::create(None).unwrap().add(&batch, &labels).unwrap_err().to_string();
        assert_eq!(refused, "a row has the label -128: labels are whole numbers from -127 to 127");
    }
}
