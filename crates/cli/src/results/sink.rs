//! The file that results go to.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef, TimestampMillisecondType};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_json::LineDelimitedWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

use crate::error::CommandError;
use crate::results::cells::neutral;

/// A file that appears when it is whole.
pub struct Sink {
    path: PathBuf,
    rows: u64,
    writer: Writer,
}

type Out = BufWriter<NamedTempFile>;

enum Writer {
    Csv(Box<csv::Writer<Out>>),
    JsonLines(Box<LineDelimitedWriter<Out>>),
    Parquet(Box<ArrowWriter<NamedTempFile>>),
}

impl Sink {
    /// Begins the file at `path`, in the format of its ending.
    pub fn create(path: &Path, schema: &SchemaRef) -> Result<Self, CommandError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        // Beside its place, so that the last step is a rename.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = || NamedTempFile::new_in(folder).map_err(|source| write_error(path, source));
        let writer = match ending {
            "csv" => {
                let mut writer = csv::Writer::from_writer(BufWriter::new(file()?));
                let names = schema.fields().iter().map(|field| field.name());
                writer.write_record(names).map_err(|error| write_error(path, error.into()))?;
                Writer::Csv(Box::new(writer))
            }
            "jsonl" => Writer::JsonLines(Box::new(LineDelimitedWriter::new(BufWriter::new(file()?)))),
            "parquet" => {
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                let writer = ArrowWriter::try_new(file()?, schema.clone(), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(|error| write_error(path, io::Error::other(error)))?))
            }
            _ => {
                let message = format!("{}: its ending says the format: .csv, .jsonl or .parquet", path.display());
                return Err(CommandError::Usage(message));
            }
        };
        Ok(Self { path: path.to_owned(), rows: 0, writer })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), CommandError> {
        self.rows += batch.num_rows() as u64;
        let written = match &mut self.writer {
            Writer::Csv(writer) => {
                with_offsets(batch).map_err(io::Error::other).and_then(|rows| write_csv(writer, &rows))
            }
            Writer::JsonLines(writer) => {
                with_offsets(batch).and_then(|rows| writer.write(&rows)).map_err(io::Error::other)
            }
            Writer::Parquet(writer) => writer.write(batch).map_err(io::Error::other),
        };
        written.map_err(|source| write_error(&self.path, source))
    }

    /// Puts the file into its place; answers its rows and bytes.
    pub fn finish(self) -> Result<(u64, u64), CommandError> {
        let Self { path, rows, writer } = self;
        let finished = || -> io::Result<u64> {
            let file = match writer {
                Writer::Csv(writer) => {
                    let out = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
                    out.into_inner().map_err(io::IntoInnerError::into_error)?
                }
                Writer::JsonLines(mut writer) => {
                    writer.finish().map_err(io::Error::other)?;
                    writer.into_inner().into_inner().map_err(io::IntoInnerError::into_error)?
                }
                Writer::Parquet(writer) => writer.into_inner().map_err(io::Error::other)?,
            };
            let bytes = file.as_file().metadata()?.len();
            readable(file.as_file())?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(bytes)
        };
        finished().map(|bytes| (rows, bytes)).map_err(|source| write_error(&path, source))
    }
}

/// A temporary file is its owner's alone; a result is what the umask of most makes of a new file.
#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> io::Result<()> {
    Ok(())
}

fn write_error(path: &Path, source: io::Error) -> CommandError {
    CommandError::Write { path: path.to_owned(), source }
}

/// The same rows with times whose zone is an offset, `+00:00` for `UTC`: arrow writes names of zones only with a table of all of them.
fn with_offsets(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let column = match column.as_primitive_opt::<TimestampMillisecondType>() {
            Some(times) if times.timezone() == Some("UTC") => {
                Arc::new(times.clone().with_timezone("+00:00")) as ArrayRef
            }
            _ => column.clone(),
        };
        (field.name(), column, field.is_nullable())
    });
    RecordBatch::try_from_iter_with_nullable(columns)
}

fn write_csv<W: Write>(writer: &mut csv::Writer<W>, batch: &RecordBatch) -> io::Result<()> {
    let columns = batch.columns().iter().map(Column::of).collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let options = FormatOptions::default();
    let formatters = columns.iter().map(|column| ArrayFormatter::try_new(&column.values, &options));
    let formatters = formatters.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().zip(&formatters).map(|(column, formatter)| match column.is_text {
            true if column.values.is_valid(row) => neutral(column.values.as_string::<i32>().value(row)),
            _ => formatter.value(row).to_string(),
        });
        writer.write_record(cells)?;
    }
    Ok(())
}

/// A column as its cells are made from it.
struct Column {
    values: ArrayRef,
    /// Somebody's words, and no number.
    is_text: bool,
}

impl Column {
    fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let is_text = match column.data_type() {
            DataType::Dictionary(_, values) => **values == DataType::Utf8,
            data_type => *data_type == DataType::Utf8 || data_type.is_nested(),
        };
        let values = match column.data_type() {
            data_type if data_type.is_nested() => as_json(column)?,
            _ if is_text => arrow::compute::cast(column, &DataType::Utf8)?,
            _ => column.clone(),
        };
        Ok(Self { values, is_text })
    }
}

/// Lists as JSON, one text a row.
fn as_json(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let batch = RecordBatch::try_from_iter_with_nullable([("value", column.clone(), true)])?;
    let mut lines = LineDelimitedWriter::new(Vec::new());
    lines.write(&batch)?;
    lines.finish()?;
    let text = String::from_utf8_lossy(&lines.into_inner()).into_owned();
    // Each line is {"value":…}, or {} for a null.
    let values = text.lines().map(|line| line.strip_prefix("{\"value\":").and_then(|rest| rest.strip_suffix('}')));
    Ok(Arc::new(values.collect::<StringArray>()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float32Array, Int8Array, ListArray, TimestampMillisecondArray};
    use arrow::datatypes::Float32Type;

    use super::*;

    fn batch() -> RecordBatch {
        let scores = ListArray::from_iter_primitive::<Float32Type, _, _>([Some([Some(0.25), Some(0.75)]), None]);
        RecordBatch::try_from_iter([
            ("text", Arc::new(StringArray::from(vec!["=1+1", "a \"quoted\"\nline"])) as ArrayRef),
            ("label", Arc::new(Int8Array::from(vec![Some(-1), None]))),
            ("confidence", Arc::new(Float32Array::from(vec![-0.5, 0.5]))),
            ("scores", Arc::new(scores)),
            ("timestamp", Arc::new(TimestampMillisecondArray::from(vec![Some(0), None]).with_timezone("UTC"))),
        ])
        .unwrap()
    }

    fn written(name: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut sink = Sink::create(&path, &batch().schema()).unwrap();
        sink.write(&batch()).unwrap();
        assert!(!path.exists(), "not before it is whole");
        let (rows, bytes) = sink.finish().unwrap();
        let content = std::fs::read(&path).unwrap();
        assert_eq!((rows, bytes), (2, content.len() as u64));
        (folder, String::from_utf8_lossy(&content).into_owned())
    }

    #[test]
    fn csv_has_neutral_texts_and_plain_numbers() {
        assert_eq!(
            written("a.csv").1,
            "text,label,confidence,scores,timestamp\n'=1+1,-1,-0.5,\"[0.25,0.75]\",1970-01-01T00:00:00Z\n\"a \"\"quoted\"\"\nline\",,0.5,,\n"
        );
    }

    #[test]
    fn json_lines_and_parquet_hold_the_values_as_they_are() {
        let lines = written("a.jsonl").1;
        assert!(
            lines.starts_with("{\"text\":\"=1+1\",\"label\":-1,\"confidence\":-0.5,\"scores\":[0.25,0.75],\"timestamp\":\"1970-01-01T00:00:00Z\"}\n"),
            "{lines}"
        );
        assert!(written("a.parquet").1.starts_with("PAR1"));
    }

    #[test]
    fn another_ending_is_refused_by_name() {
        let error = Sink::create(Path::new("a.xlsx"), &batch().schema()).err().unwrap();
        assert_eq!(error.to_string(), "a.xlsx: its ending says the format: .csv, .jsonl or .parquet");
    }
}
