//! Labels of every kind, good and bad.

use crate::case::{Case, read};

pub fn cases() -> Vec<Case> {
    let labels = "label,text\n5.0,a\n7,b\nabc,c\n⭐⭐⭐,d\n2024-01-31,e\n,f\n1.5,g\n-1,h\nnan,i\n";
    let stars = "stars,text\n5.0 out of 5 stars,a\n★★☆☆☆,b\n6,c\n0,d\ngreat,e\n4 stars,f\n";
    vec![
        read("labels.csv", labels, "csv", &["a", "d", "f"])
            .rejects(2, "invalid_label", "7,b")
            .rejects(3, "invalid_label", "abc,c")
            .rejects(5, "invalid_label", "2024-01-31,e")
            .rejects(7, "invalid_label", "1.5,g")
            .rejects(8, "invalid_label", "-1,h")
            .rejects(9, "invalid_label", "nan,i"),
        read("stars.csv", stars, "csv", &["a", "b", "f"])
            .rejects(3, "invalid_label", "6,c")
            .rejects(4, "invalid_label", "0,d")
            .rejects(5, "invalid_label", "great,e"),
        read("label-beside-rating.csv", "label,rating,text\n-1,5,a\n0,,b\n2,n/a,c\n", "csv", &["a", "c"]).rejects(
            2,
            "invalid_label",
            "0,,b",
        ),
        read(
            "labels.ft.txt",
            "__label__2 Great CD: My: own\n__label__1 broken :(: glue\n__label__positive a: b\n\
             __label__books __label__1 c: d\n__label__9 e: f\nno label: g\n__label__2\n",
            "fasttext",
            &["Great CD My: own", "broken :( glue", "c d"],
        )
        .rejects(3, "invalid_label", "__label__positive a: b")
        .rejects(5, "invalid_label", "__label__9 e: f")
        .rejects(6, "invalid_label", "no label: g")
        .rejects(7, "missing_text", "__label__2"),
    ]
}
