//! One animal of the zoo: a file, and everything that must come of it.

use crate::support::{Outcome, Reject};

/// What came of all files, read once.
pub struct Found {
    outcome: Outcome,
    /// Source and text of each usable record.
    texts: Vec<(String, String)>,
    rejects: Vec<Reject>,
}

impl Found {
    pub fn new(outcome: Outcome) -> Self {
        let texts = outcome.texts("source").into_iter().zip(outcome.texts("text")).collect();
        Self { texts, rejects: outcome.rejects(), outcome }
    }
}

pub struct Case {
    pub name: &'static str,
    pub content: Vec<u8>,
    /// The bytes that offsets count: the content, unpacked and in UTF-8. None where there are no offsets.
    text: Option<Vec<u8>>,
    /// What the content is recognised as; empty for a file that is left out.
    format: &'static str,
    /// Why the file is left out, wholly or from some record on, and a piece of what is said of it.
    problem: Option<(&'static str, &'static str)>,
    /// Text of each usable record.
    texts: Vec<&'static str>,
    /// Row and reason of each rejected record, and its raw bytes.
    rejected: Vec<(u64, &'static str, Vec<u8>)>,
}

/// A file that is read: its format, and the text of each usable record.
pub fn read(name: &'static str, content: impl AsRef<[u8]>, format: &'static str, texts: &[&'static str]) -> Case {
    let content = content.as_ref().to_vec();
    Case { name, text: Some(content.clone()), content, format, problem: None, texts: texts.to_vec(), rejected: vec![] }
}

/// A file that is left out for a reason, with a piece of what is said of it.
pub fn left_out(name: &'static str, content: impl AsRef<[u8]>, reason: &'static str, detail: &'static str) -> Case {
    read(name, content, "", &[]).problem(reason, detail)
}

impl Case {
    pub fn rejects(mut self, row: u64, reason: &'static str, raw: impl AsRef<[u8]>) -> Self {
        self.rejected.push((row, reason, raw.as_ref().to_vec()));
        self
    }

    pub fn problem(mut self, reason: &'static str, detail: &'static str) -> Self {
        self.problem = Some((reason, detail));
        self
    }

    /// The bytes that offsets count, where they are not the content's own.
    pub fn unpacked(mut self, text: impl AsRef<[u8]>) -> Self {
        self.text = Some(text.as_ref().to_vec());
        self
    }

    pub fn without_offsets(mut self) -> Self {
        self.text = None;
        self
    }

    /// Compares what came of the file with what must come of it.
    pub fn check(&self, found: &Found) {
        let name = self.name;
        let is_ours = |source: &str| source.ends_with(&format!("/{name}"));
        let file = found.outcome.file(name);
        assert_eq!(file.format.as_deref().unwrap_or_default(), self.format, "{name}: format");
        let problem = file.problem.as_ref();
        assert_eq!(problem.map(|problem| problem.reason.code()), self.problem.map(|(reason, _)| reason), "{name}");
        if let (Some(problem), Some((_, detail))) = (problem, self.problem) {
            assert!(problem.detail.contains(detail), "{name}: {}", problem.detail);
        }
        let texts: Vec<_> = found.texts.iter().filter(|(source, _)| is_ours(source)).map(|(_, text)| text).collect();
        assert_eq!(texts, self.texts.iter().collect::<Vec<_>>(), "{name}: texts");
        let rejects: Vec<_> = found.rejects.iter().filter(|reject| is_ours(&reject.source)).collect();
        let facts: Vec<_> = rejects.iter().map(|reject| (reject.row, &*reject.reason, reject.raw.clone())).collect();
        assert_eq!(facts, self.rejected, "{name}: rejects");
        rejects.iter().for_each(|reject| self.check_place(reject));
        let counts = file.counts;
        assert_eq!((counts.ok, counts.rejected), (self.texts.len() as u64, self.rejected.len() as u64), "{name}");
        assert!(counts.is_conserved(), "{name}: {counts:?}");
    }

    /// A reject's offset is where its raw bytes are, and its line names file and record.
    fn check_place(&self, reject: &Reject) {
        let name = self.name;
        let line = format!("/{name}, record {}: ", reject.row);
        assert!(reject.detail.contains(&line), "{name}: {}", reject.detail);
        match (&self.text, reject.offset) {
            (Some(text), Some(offset)) => {
                let bytes = text.get(offset as usize..).unwrap_or_default();
                assert!(bytes.starts_with(&reject.raw), "{name}, record {}: offset {offset}", reject.row);
            }
            (text, offset) => assert_eq!(text.is_some(), offset.is_some(), "{name}: offset"),
        }
    }
}
