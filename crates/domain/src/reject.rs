//! Why a record or a file could not be used.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($variant:ident $code:literal $meaning:literal $remedy:literal;)+) => {
        /// Why a record, or a whole file, could not be used. The code is what `rejected/` and the mail show.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RejectReason {
            $(#[doc = $meaning] #[serde(rename = $code)] $variant,)+
        }

        impl RejectReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Stable code, as in the `reason` column.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What was wrong, as one clause.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// What to do about it, as one sentence.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

reasons! {
    EmptyFile "empty_file" "the file holds no bytes" "Upload the file again; the first upload was cut off before its first byte.";
    HeaderOnly "header_only" "the file holds no record" "Check the export that made the file: its query found nothing.";
    UnknownFormat "unknown_format" "the content is in no format that is read" "Upload CSV, JSON, fastText lines or Parquet, plain or packed with gzip or zstd; a renamed PDF, spreadsheet or archive cannot be read.";
    MissingColumn "missing_column" "no column holds the review text" "Name the text column `text`, or map its name under [columns] in the pipeline configuration.";
    UnsupportedColumn "unsupported_column" "a column that is to be read holds neither text nor numbers" "Write the column as text, numbers or dates, or map another one under [columns] in the pipeline configuration.";
    WrongDelimiter "wrong_delimiter" "the columns could not be told apart" "Save the file with commas, semicolons or tabs between its columns, the same on every line.";
    TruncatedFile "truncated_file" "the file ends before its end" "Upload the file again; records before the break were used.";
    CorruptFile "corrupt_file" "the file is damaged" "Upload the file again; records before the damage were used.";
    DecompressionBomb "decompression_bomb" "the file unpacks to more than the configured limit" "Upload it unpacked, or raise etl.max_expansion or etl.max_unpacked_bytes in the pipeline configuration; records before the limit were used.";
    WrongNumberOfFields "wrong_number_of_fields" "the record has more or fewer fields than the header" "Quote fields that hold the delimiter or a line break.";
    UnbalancedQuote "unbalanced_quote" "a quoted field is never closed" "Close the quote, and double quotes inside quoted fields.";
    InvalidEncoding "invalid_encoding" "the text is damaged, or in an encoding that is not read" "Save the file as UTF-8.";
    NulByte "nul_byte" "the record holds NUL bytes" "Export the file again; NUL bytes come from a damaged disk or a wrong encoding.";
    InvalidJson "invalid_json" "the record is not a JSON object" "Write complete JSON objects, one a line or all in one array.";
    RepeatedHeader "repeated_header" "the record repeats the header" "Nothing needs to be done; it comes from joining files, and holds no review.";
    MissingText "missing_text" "the record has no review text" "Fill the text field, or leave the record out.";
    InvalidLabel "invalid_label" "the label is not a whole number of the label scheme" "Correct the label, or leave it empty for an unlabelled review.";
    ObjectMissing "object_missing" "the object is gone" "Upload the file again; it was deleted before it could be read.";
    ObjectChanged "object_changed" "the object was overwritten after it was announced" "Nothing needs to be done: the new content is a run of its own.";
    RecordTooLarge "record_too_large" "the record is larger than the configured limit" "Split the record, or raise etl.max_record_bytes in the pipeline configuration.";
    Duplicate "duplicate" "the text repeats an earlier record's" "Nothing needs to be done; to keep such records, set [duplicates] to flag in the pipeline configuration.";
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_page_lists_every_reason_with_its_meaning_and_remedy() {
        let page = include_str!("../../../docs/formats.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> = RejectReason::ALL
            .iter()
            .map(|reason| format!("| `{reason}` | {} | {} |", reason.meaning(), reason.remedy()))
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn codes_are_what_json_holds() {
        for reason in RejectReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
