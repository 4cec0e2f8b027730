//! Delimited files.

use crate::case::{Case, left_out, read};

/// A header, three records, and texts that careless readers break.
const TABLE: &str = "rating,title,text\n5.0,\"null\",\"He said \"\"wow\"\", twice\"\n3,NA,\"two\nlines\"\n1,,plain\n";
const TEXTS: [&str; 3] = ["null He said \"wow\", twice", "NA two\nlines", "plain"];

pub fn cases() -> Vec<Case> {
    [shapes(), records(), quotes()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Case> {
    let divided_by = |delimiter| TABLE.replace("\"\", ", "\u{1}").replace(',', delimiter).replace('\u{1}', "\"\", ");
    vec![
        read("comma.csv", TABLE, "csv", &TEXTS),
        read("semicolon.csv", divided_by(";"), "csv", &TEXTS),
        read("bar.csv", divided_by("|"), "csv", &TEXTS),
        read("tab.csv", divided_by("\t"), "tsv", &TEXTS),
        read("backslash-quotes.csv", TABLE.replace("\"\"", "\\\""), "csv", &TEXTS),
        read("byte-order-mark.csv", format!("\u{feff}{TABLE}"), "csv", &TEXTS),
        read("no-last-line-end.csv", TABLE.trim_end(), "csv", &TEXTS),
        read("named-as-json.jsonl", TABLE, "csv", &TEXTS),
        read("cr-lf.csv", TABLE.replace('\n', "\r\n"), "csv", &[TEXTS[0], "NA two\r\nlines", TEXTS[2]]),
        read("cr-only.csv", TABLE.replace('\n', "\r"), "csv", &[TEXTS[0], "NA two\rlines", TEXTS[2]]),
        read("mixed-line-ends.csv", "text,rating\r\na,1\nb,2\r\n\rc,5\r\r\nd,4", "csv", &["a", "b", "c", "d"]),
        read("text-only.csv", "text\none\n\"two, three\"\n", "csv", &["one", "two, three"]),
        read(
            "polarity.csv",
            "\"2\",\"Great \"\"CD\"\"\",\"one\\ntwo\"\n\"1\",\"\",\"three\"\n",
            "csv",
            &["Great \"CD\" one\ntwo", "three"],
        ),
        read("polarity-escaped.csv", "2,\"a \\\"b\\\"\",\"c\"\n1,d,e\n", "csv", &["a \"b\" c", "d e"]),
        read("header-only.csv", "label,title,text\n", "csv", &[]).problem("header_only", "no record follows"),
        left_out("no-text-column.csv", "rating,date\n5,2024-01-01\n", "missing_column", "`rating`, `date`"),
        left_out(
            "other-delimiter.csv",
            "label,title,text\n2;a;b\n1;c;d\n",
            "wrong_delimiter",
            "records have semicolons",
        ),
        left_out("prose.txt", "Dear sir\nI liked it\n", "wrong_delimiter", "divides its lines"),
    ]
}

/// Records that are wrong by their number of fields, and the header again.
fn records() -> Vec<Case> {
    vec![
        read("missing-fields.csv", "label,title,text\n2,A,one\n1,B\n1\n2,C,two\n", "csv", &["A one", "C two"])
            .rejects(2, "wrong_number_of_fields", "1,B")
            .rejects(3, "wrong_number_of_fields", "1"),
        read("extra-fields.csv", "label,title,text\n2,A,one\n1,I,six,seven\n2,C,two\n", "csv", &["A one", "C two"])
            .rejects(2, "wrong_number_of_fields", "1,I,six,seven"),
        read("header-lacks-a-column.csv", "label,text\n1,A,one\n2,B,two\n1,three\n", "csv", &["three"])
            .rejects(1, "wrong_number_of_fields", "1,A,one")
            .rejects(2, "wrong_number_of_fields", "2,B,two"),
        read(
            "header-repeated.csv",
            "label,text\n1,one\nlabel,text\n2,two\n\"label\",\"text\"\n",
            "csv",
            &["one", "two"],
        )
        .rejects(2, "repeated_header", "label,text")
        .rejects(4, "repeated_header", "\"label\",\"text\""),
        read("blank-lines.csv", "\n\nlabel,text\n\n1,one\n\r\n\n2,two\n\n", "csv", &["one", "two"]),
        read("empty-texts.csv", "label,text\n1,\n2,two\n1,\"  \"\n", "csv", &["two"])
            .rejects(1, "missing_text", "1,")
            .rejects(3, "missing_text", "1,\"  \""),
        read("nul-bytes.csv", "label,text\n1,o\0ne\n2,two\n", "csv", &["two"]).rejects(1, "nul_byte", "1,o\0ne"),
    ]
}

fn quotes() -> Vec<Case> {
    let open = "label,title,text\n2,A,\"never closed\n1,B,two\n2,\"C\",\"three\"\n1,D,four\n";
    vec![
        read("open-quote.csv", open, "csv", &["B two", "C three", "D four"]).rejects(
            1,
            "unbalanced_quote",
            "2,A,\"never closed",
        ),
        read("open-quote-at-the-end.csv", "label,text\n2,one\n1,\"two\n", "csv", &["one"]).rejects(
            2,
            "unbalanced_quote",
            "1,\"two",
        ),
        read(
            "bare-quotes.csv",
            "label,text\n2,a \"b\" c\n1,\"d \"e\" f\"\n2,12\" disk\n",
            "csv",
            &["a \"b\" c", "d \"e\" f", "12\" disk"],
        ),
        read(
            "every-way-of-quoting.csv",
            "label,text\n1,\"a \"\"b\"\"\"\n2,\"a \\\"b\\\"\"\n",
            "csv",
            &["a \"b\"", "a \"b\""],
        ),
    ]
}
