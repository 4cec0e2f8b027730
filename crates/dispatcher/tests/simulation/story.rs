//! What people upload, and the events that tell of it: several to a message, twice, late, and among others' messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tamiz_domain::ObjectIdentity;
use tamiz_ports::StoredUpload;

use crate::world::World;

/// Names as S3 has them and as its events carry them.
const KEYS: [(&str, &str); 5] = [
    ("a.csv", "a.csv"),
    ("b c+.csv", "b+c%2B.csv"),
    ("ñ/ü.jsonl", "%C3%B1/%C3%BC.jsonl"),
    ("d%20.gz", "d%2520.gz"),
    ("e/e/e", "e/e/e"),
];
/// Uploads are at most this far apart.
const GAP_SECONDS: usize = 200;

/// An upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub identity: ObjectIdentity,
    /// None in a bucket without versions.
    pub version_id: Option<String>,
    /// Whether an event or a reconciliation tells of it.
    pub is_announced: bool,
}

/// What must have become of a record of a message once the message is deleted.
#[derive(Debug, Clone)]
pub enum Fate {
    /// Its content is in a run that was started.
    Run(Upload),
    /// It is on record as refused: by its object, or by the message's body.
    Refused(Option<String>),
}

/// A message on its way.
pub struct Letter {
    pub after: Duration,
    pub delay: Duration,
    pub body: String,
}

/// Everything that happens to a bucket in one world.
pub struct Story {
    pub uploads: Vec<Upload>,
    pub letters: Vec<Letter>,
    /// The same bytes once more, when the engine has forgotten their runs.
    pub months_later: Vec<Letter>,
    /// What each body must lead to.
    pub fates: BTreeMap<String, Vec<Fate>>,
    /// Whether some uploads were never announced.
    pub has_lost_events: bool,
}

impl Story {
    pub fn new(world: &World) -> Self {
        let mut story = Self {
            uploads: Vec::new(),
            letters: Vec::new(),
            months_later: Vec::new(),
            fates: BTreeMap::new(),
            has_lost_events: false,
        };
        let is_versioned = world.chance(0.7);
        let num_keys = 1 + world.below(KEYS.len());
        let mut left = 1 + world.below(14);
        let mut number = 0;
        while left > 0 {
            let together = 1 + world.below(left.min(4));
            left -= together;
            let mut records = Vec::new();
            for _ in 0..together {
                number += 1;
                let (key, encoded) = KEYS[world.below(num_keys)];
                let content = format!("{}", 1 + world.below(3));
                let identity = ObjectIdentity { bucket: "input".into(), key: key.into(), etag: content };
                let version_id = is_versioned.then(|| format!("v{number}"));
                let is_announced = !world.chance(world.climate.lost_event);
                let upload = Upload { identity, version_id, is_announced };
                story.uploads.push(upload.clone());
                if is_announced {
                    records.push((notification(encoded, &upload, number), Some(Fate::Run(upload))));
                } else {
                    story.has_lost_events = true;
                }
            }
            if world.chance(0.15) {
                records.insert(world.below(records.len() + 1), oddity(world));
            }
            let body = body(world, &records);
            let fates: Vec<Fate> = records.into_iter().filter_map(|(_, fate)| fate).collect();
            if !fates.is_empty() {
                story.send(world, body, fates);
            }
        }
        if world.chance(0.2) {
            let body = world.pick(&["no JSON", "[]", "{\"Records\": []}", "null"]).to_owned();
            story.send(world, body, vec![Fate::Refused(None)]);
        }
        if world.chance(0.2) {
            story.send(world, json!({"Event": "s3:TestEvent", "Bucket": "input"}).to_string(), vec![]);
        }
        if world.chance(0.2) {
            let before = std::mem::take(&mut story.letters);
            for _ in 0..1 + world.below(3) {
                number += 1;
                let upload = world.pick(&story.uploads);
                let version_id = is_versioned.then(|| format!("v{number}"));
                let upload = Upload { version_id, is_announced: true, ..upload };
                story.uploads.push(upload.clone());
                let key = KEYS.iter().find(|(key, _)| *key == upload.identity.key).map_or("", |(_, encoded)| encoded);
                let records = [(notification(key, &upload, number), Some(Fate::Run(upload)))];
                let body = body(world, &records);
                story.send(world, body, records.into_iter().filter_map(|(_, fate)| fate).collect());
            }
            story.months_later = std::mem::replace(&mut story.letters, before);
        }
        story
    }

    /// Once, or more often.
    fn send(&mut self, world: &World, body: String, fates: Vec<Fate>) {
        let after = Duration::from_secs(world.below(GAP_SECONDS) as u64);
        let copies = if world.chance(0.2) { 2 } else { 1 };
        for copy in 0..copies {
            let delay = if world.chance(0.3) { world.below(3_000) } else { 0 };
            let after = if copy == 0 { after } else { Duration::ZERO };
            self.letters.push(Letter { after, delay: Duration::from_secs(delay as u64), body: body.clone() });
        }
        self.fates.insert(body, fates);
    }

    /// What the bucket holds of all this.
    pub fn stored(&self) -> Vec<StoredUpload> {
        let stored = |upload: &Upload| StoredUpload {
            bucket: upload.identity.bucket.clone(),
            key: upload.identity.key.clone(),
            etag: upload.identity.etag.clone(),
            version_id: upload.version_id.clone(),
            size: 10,
            uploaded_at: jiff::Timestamp::UNIX_EPOCH,
        };
        self.uploads.iter().map(stored).collect()
    }
}

fn notification(encoded: &str, upload: &Upload, number: usize) -> Value {
    let mut object =
        json!({"key": encoded, "size": 10, "eTag": upload.identity.etag, "sequencer": format!("{number:X}")});
    if let Some(version_id) = &upload.version_id {
        object["versionId"] = json!(version_id);
    }
    json!({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "input"}, "object": object}})
}

/// A record that announces no upload, or none that can be used.
fn oddity(world: &World) -> (Value, Option<Fate>) {
    match world.below(3) {
        0 => (json!({"eventName": "ObjectRemoved:Delete"}), Some(Fate::Refused(None))),
        1 => {
            let object = json!({"key": "x//y.csv", "size": 1, "eTag": "1"});
            let record =
                json!({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "input"}, "object": object}});
            (record, Some(Fate::Refused(Some("s3://input/x//y.csv".into()))))
        }
        _ => {
            let object = json!({"key": "folder/", "size": 0, "eTag": "1"});
            (json!({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "input"}, "object": object}}), None)
        }
    }
}

/// The message, plain or as SNS wraps it. The number makes equal ones different.
fn body(world: &World, records: &[(Value, Option<Fate>)]) -> String {
    let records: Vec<&Value> = records.iter().map(|(record, _)| record).collect();
    let plain = json!({"Records": records, "number": world.bits()}).to_string();
    if world.chance(0.2) { json!({"Type": "Notification", "Message": plain}).to_string() } else { plain }
}
