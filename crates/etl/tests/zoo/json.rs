//! JSON, a line an object or in any other layout.

use crate::case::{Case, left_out, read};

pub fn cases() -> Vec<Case> {
    [lines(), layouts()].into_iter().flatten().collect()
}

fn lines() -> Vec<Case> {
    let broken =
        "{\"rating\": 5, \"text\": \"one\"}\n{\"rating\": 1, \"text\": \"tw\n{\"rating\": 1, \"text\": \"three\"}\n";
    let values = "{\"text\": \"a\", \"rating\": \"5.0\"}\n{\"text\": null}\n[\"text\"]\n{\"text\": \"b\\u0000c\"}\n{\"text\": \"d\",}\n\
                  {\"text\": \"e\"} {\"text\": \"f\"}\n{\"text\": \"g\", \"title\": \"null\"}\n{}\n{\"text\": \"\\ud83d\\ude01\"}\n\
                  {\"text\": \"\\ud83d\"}\n{\"text\": \"i\"}\n{\"text\": \"j\"}\n{\"text\": \"k\"}\n";
    vec![
        read(
            "lines.jsonl",
            "{\"text\": \"a\"}\r\n\n{\"text\": \"b\\nc\"}\r{\"text\": \"d\"}",
            "jsonl",
            &["a", "b\nc", "d"],
        ),
        read("broken-line.jsonl", broken, "jsonl", &["one", "three"]).rejects(
            2,
            "invalid_json",
            "{\"rating\": 1, \"text\": \"tw",
        ),
        read("values.jsonl", values, "jsonl", &["a", "null g", "😁", "i", "j", "k"])
            .rejects(2, "missing_text", "{\"text\": null}")
            .rejects(3, "invalid_json", "[\"text\"]")
            .rejects(4, "nul_byte", "{\"text\": \"b\\u0000c\"}")
            .rejects(5, "invalid_json", "{\"text\": \"d\",}")
            .rejects(6, "invalid_json", "{\"text\": \"e\"} {\"text\": \"f\"}")
            .rejects(8, "missing_text", "{}")
            .rejects(10, "invalid_json", "{\"text\": \"\\ud83d\"}"),
    ]
}

fn layouts() -> Vec<Case> {
    let pretty =
        "{\n  \"text\": \"a, }{ [b]\",\n  \"rating\": 5,\n  \"images\": [{\"text\": \"x\"}, {\"text\": \"y\"}]\n}";
    let texts = ["a, }{ [b]", "c"];
    let open_quote = r#"[{"text": "one"}, {"text": "open, "rating": 1}, {"text": "two"}]"#;
    let open_brace = "[{\"text\": \"one\"},\n {\"text\": \"open\", \"rating\": 1,\n {\"text\": \"two\"}]";
    vec![
        read("array.json", format!("[{pretty},{{\"text\":\"c\"}}]"), "json", &texts),
        read("array-over-lines.json", format!("[\r\n{pretty}\r\n,\r\n{{\"text\": \"c\"}}\r\n]\r\n"), "json", &texts),
        read(
            "array-a-line-each.json",
            "[\n{\"text\":\"a\"},\n{\"text\":\"b\"},\n{\"text\":\"c\"}\n]",
            "json",
            &["a", "b", "c"],
        ),
        read("objects-over-lines.json", format!("{pretty}\n{{\n\"text\": \"c\"\n}}\n"), "json", &texts),
        read("objects-in-a-line.json", "{\"text\":\"a\"}{\"text\":\"b\"} {\"text\":\"c\"}", "json", &["a", "b", "c"]),
        read("array-of-more.json", "[{\"text\":\"a\"}, 1, \"b, c\", null, {\"text\":\"d\"}]", "json", &["a", "d"])
            .rejects(2, "invalid_json", "1")
            .rejects(3, "invalid_json", "\"b, c\"")
            .rejects(4, "invalid_json", "null"),
        read("array-cut-inside.json", "[{\"text\":\"a\"},\n{\"text\":\"b", "json", &["a"])
            .problem("truncated_file", "not closed after record 2")
            .rejects(2, "invalid_json", "{\"text\":\"b"),
        read("array-cut-between.json", "[{\"text\":\"a\"},\n{\"text\":\"b\"},\n", "json", &["a", "b"])
            .problem("truncated_file", "not closed after record 2"),
        read("array-open-quote.json", open_quote, "json", &["one", "two"]).rejects(
            2,
            "invalid_json",
            r#"{"text": "open, "rating": 1}"#,
        ),
        read("array-open-brace.json", open_brace, "json", &["one", "two"]).rejects(
            2,
            "invalid_json",
            "{\"text\": \"open\", \"rating\": 1",
        ),
        read("array-of-nothing.json", " [ ] ", "json", &[]).problem("header_only", "array is empty"),
        left_out("array-of-numbers.json", "[1, 2, 3]", "missing_column", "names no known column"),
    ]
}
