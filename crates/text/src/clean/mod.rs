//! Cleaning: no URLs, mentions, HTML and punctuation; single spaces; lower case.
//!
//! Equals, character for character, the Python reference under Python 3.11:
//!
//! ```python
//! text = html.unescape(re.sub(r"<.*?>", "", re.sub(r"@\w+", "", re.sub(r"https?://\S+|www\.\S+", "", text))))
//! re.sub(r"\s+", " ", re.sub(r"[^\w\s]", "", text)).strip().lower()
//! ```

mod fold;
mod markup;

use memchr::{memchr, memchr3, memmem};

/// Cleans text after text in the same scratch space.
#[derive(Default)]
pub struct Cleaner {
    /// The text before and after the step at hand; they change places between steps.
    before: String,
    after: String,
    folded: Vec<u8>,
}

impl Cleaner {
    /// Replaces `out` by the cleaned `text`.
    pub fn clean_into(&mut self, text: &str, out: &mut String) {
        out.clear();
        if has_markup(text.as_bytes()) {
            self.strip_markup(text);
            fold::fold_onto(&self.before, &mut self.folded, out);
        } else {
            fold::fold_onto(text, &mut self.folded, out);
        }
    }

    /// Leaves `text` without URLs, mentions, tags and entities in `before`. The order is part of the contract: taking
    /// one kind out can make another.
    fn strip_markup(&mut self, text: &str) {
        self.before.clear();
        self.before.push_str(text);
        for step in [markup::remove_urls, markup::remove_mentions, markup::remove_tags, markup::unescape] {
            self.after.clear();
            step(&self.before, &mut self.after);
            std::mem::swap(&mut self.before, &mut self.after);
        }
    }
}

/// Replaces `out` by the cleaned `text`; [`Cleaner`] does the same without allocating for each text.
pub fn clean_into(text: &str, out: &mut String) {
    Cleaner::default().clean_into(text, out);
}

fn has_markup(text: &[u8]) -> bool {
    memchr3(b'<', b'@', b'&', text).is_some()
        || memchr(b':', text).is_some() && memmem::find(text, b"://").is_some()
        || memmem::find(text, b"www.").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        let mut out = String::from("left over");
        clean_into(text, &mut out);
        out
    }

    #[test]
    fn everything_but_words_goes() {
        assert_eq!(clean("  <b>Great</b>, @bob! See https://x.y/z?a=1 &amp; WWW\u{a0}end  "), "great see www end");
    }

    #[test]
    fn what_one_step_leaves_the_next_one_sees() {
        assert_eq!(clean("&lt;b&gt;"), "b", "entities are decoded after tags are taken out");
        assert_eq!(clean("<www.a.b >x"), "x", "a URL inside a tag goes first");
        assert_eq!(clean("ab<i>c</i>d"), "abcd", "tags leave no space");
    }

    #[test]
    fn scratch_space_does_not_leak_between_texts() {
        let mut cleaner = Cleaner::default();
        let mut out = String::new();
        cleaner.clean_into("a much longer text & <more> of it", &mut out);
        cleaner.clean_into("b & c", &mut out);
        assert_eq!(out, "b c");
    }
}
