//! Text that is not UTF-8, was not, or claims to be.

use crate::case::{Case, left_out, read};

const HEADER: &str = "label,título,text\n";

pub fn cases() -> Vec<Case> {
    let table = "\u{feff}label,text\n1,niño 😁\n7,two\n2,\"three\r\nlines\"\n1,four\n";
    let little: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = table.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let json: Vec<u8> = "\u{feff}[{\"text\": \"niño\"}]".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let texts = ["niño 😁", "three\r\nlines", "four"];
    // The mark is no part of the text that offsets count.
    let text = &table["\u{feff}".len()..];
    let half = [&little[..little.len() - 2], &[0x3d, 0xd8, b'\n', 0, b'1', 0, b',', 0, b'x', 0]].concat();
    let broken_text = [text.trim_end().as_bytes(), b"\x81\n1,x"].concat();
    vec![
        read("utf-16-le.csv", &little, "csv", &texts).unpacked(text).rejects(2, "invalid_label", "7,two"),
        read("utf-16-be.csv", &big, "csv", &texts).unpacked(text).rejects(2, "invalid_label", "7,two"),
        read("utf-16.json", json, "json", &["niño"]),
        read("utf-16-broken.csv", half, "csv", &["niño 😁", "three\r\nlines", "x"])
            .unpacked(broken_text)
            .rejects(2, "invalid_label", "7,two")
            .rejects(4, "invalid_encoding", b"1,four\x81"),
        left_out("utf-16-unmarked.csv", &little[2..], "invalid_encoding", "without the byte order mark"),
        read(
            "windows-1252.csv",
            b"label,text\n1,caf\xe9 \x96 \x93ni\xf1o\x94\n2,plain\n",
            "csv",
            &["café – “niño”", "plain"],
        ),
        read("windows-1252-header.csv", HEADER_1252, "csv", &["one"]),
        read(
            "one-bad-byte.csv",
            b"label,text\n1,caf\xc3\xa9\n2,caf\xe9\n1,ni\xc3\xb1o caf\xe9\n2,a\x81b\n2,\xef\xbf\xbd\n",
            "csv",
            &["café", "café", "\u{fffd}"],
        )
        .rejects(3, "invalid_encoding", b"1,ni\xc3\xb1o caf\xe9")
        .rejects(4, "invalid_encoding", b"2,a\x81b"),
        read(
            "mojibake.csv",
            format!("{HEADER}2,MÃ¡s,Itâ€™s cafÃ©\n1,,ÃƒÂ© twice\n2,,SÃ£o café\n"),
            "csv",
            &["It’s café", "é twice", "SÃ£o café"],
        ),
    ]
}

/// A name of a column in Windows-1252 hides no other.
const HEADER_1252: &[u8] = b"label,t\xedtulo,text\n1,caf\xe9,one\n";
