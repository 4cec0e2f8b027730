//! Files as such: packed, cut off, or something else than they say.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Float64Array, StringArray, StructArray};

use crate::case::{Case, left_out, read};
use crate::support::{gzip, parquet};

const TABLE: &str = "label,text\n2,one\n9,two\n1,three\n";
const TEXTS: [&str; 2] = ["one", "three"];

pub fn cases() -> Vec<Case> {
    [packed(), foreign(), parquets()].into_iter().flatten().collect()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn packed() -> Vec<Case> {
    let (first, second) = TABLE.as_bytes().split_at(15);
    let of_table = |name, content: Vec<u8>, format| {
        read(name, content, format, &TEXTS).unpacked(TABLE).rejects(2, "invalid_label", "9,two")
    };
    let cut = |packed: Vec<u8>| packed[..packed.len() - 6].to_vec();
    vec![
        of_table("gzip.csv", gzip(TABLE.as_bytes()), "csv+gzip"),
        of_table("gzip-members.csv", [gzip(first), gzip(b""), gzip(second)].concat(), "csv+gzip"),
        of_table("zstd.csv", zstd(TABLE.as_bytes()), "csv+zstd"),
        of_table("zstd-frames.csv", [zstd(first), zstd(second)].concat(), "csv+zstd"),
        read("gzip-cut.csv", cut(gzip(TABLE.as_bytes())), "csv+gzip", &TEXTS)
            .unpacked(TABLE)
            .problem("truncated_file", "after record 3")
            .rejects(2, "invalid_label", "9,two"),
        // The second frame gives what it can.
        read("zstd-cut.csv", cut([zstd(first), zstd(second)].concat()), "csv+zstd", &["one"])
            .unpacked(TABLE)
            .problem("truncated_file", "after record 3")
            .rejects(2, "invalid_label", "9,two")
            .rejects(3, "truncated_file", "1,"),
        read(
            "gzip-with-a-tail.csv",
            [gzip(TABLE.as_bytes()), b"no member of it".to_vec()].concat(),
            "csv+gzip",
            &TEXTS,
        )
        .unpacked(TABLE)
        .problem("corrupt_file", "after record 3")
        .rejects(2, "invalid_label", "9,two"),
        left_out("gzip-of-nothing.csv", gzip(b""), "empty_file", "nothing in it"),
        left_out("gzip-cut-early.csv", &gzip(TABLE.as_bytes())[..8], "truncated_file", "after record 0"),
    ]
}

fn foreign() -> Vec<Case> {
    let pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n";
    vec![
        left_out("empty.csv", "", "empty_file", "nothing in it"),
        left_out("blank.csv", " \r\n\t\n", "empty_file", "nothing in it"),
        left_out("zip.csv", b"PK\x03\x04\x14\0\x06\0\x08\0", "unknown_format", "a ZIP archive or an Excel workbook"),
        left_out("pdf.csv", pdf, "unknown_format", "a PDF document"),
        left_out("pdf-packed.csv", gzip(pdf), "unknown_format", "a PDF document"),
        left_out("program.csv", b"\x7fELF\0\x01\x02\x03\x04\x05\x06", "unknown_format", "binary data"),
        left_out("page.csv", "<!DOCTYPE html>\n<html></html>", "unknown_format", "a web page"),
    ]
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn parquets() -> Vec<Case> {
    let table = |text: ArrayRef| {
        let stars: ArrayRef = Arc::new(Float64Array::from(vec![Some(5.0), Some(9.0), None, Some(1.0)]));
        parquet(vec![("Rating", stars), ("unread", texts(&[None; 4])), ("reviewText", text)])
    };
    let file = table(texts(&[Some("one\n\"1\""), Some("two"), Some("three"), None]));
    let binary: ArrayRef = Arc::new(BinaryArray::from(vec![&b"x"[..]; 4]));
    let nested: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(arrow::datatypes::Field::new("en", arrow::datatypes::DataType::Utf8, true)),
        texts(&[Some("x"); 4]),
    )]));
    let mut damaged = file.clone();
    let footer = damaged.len() - 60;
    damaged[footer..footer + 40].fill(0xff);
    vec![
        read("parquet.csv", &file, "parquet", &["one\n\"1\"", "three"])
            .without_offsets()
            .rejects(2, "invalid_label", r#"{"Rating":9.0,"reviewText":"two"}"#)
            .rejects(4, "missing_text", r#"{"Rating":1.0}"#),
        read("parquet-of-nothing.parquet", parquet(vec![("text", texts(&[]))]), "parquet", &[])
            .problem("header_only", "no rows"),
        left_out("parquet-cut.parquet", &file[..file.len() - 10], "truncated_file", "its end, which is missing"),
        left_out("parquet-damaged.parquet", damaged, "corrupt_file", "footer"),
        left_out(
            "parquet-encrypted.parquet",
            b"PARE\x15\x00\x15\x02\x00\x00\x00\x03PARE",
            "unknown_format",
            "encrypted",
        ),
        left_out("parquet-packed.parquet.gz", gzip(&file), "unknown_format", "packed once more"),
        left_out("parquet-binary.parquet", table(binary), "unsupported_column", "`reviewText` is of type Binary"),
        left_out("parquet-nested.parquet", table(nested), "unsupported_column", "`reviewText` is of type Struct"),
        left_out("parquet-other.parquet", parquet(vec![("id", texts(&[Some("1")]))]), "missing_column", "`id`"),
    ]
}
