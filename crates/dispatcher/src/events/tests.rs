use serde_json::{Value, json};

use super::*;

fn record(key: &str) -> Value {
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": "input"},
            "object": {"key": key, "size": 7, "eTag": "\"abc\"", "versionId": "v1", "sequencer": "0055AED6DCD90281E5"},
        },
    })
}

fn notification(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

fn uploads(body: &str) -> Vec<Upload> {
    let upload = |record| match record {
        Record::Upload(upload) => upload,
        other => panic!("{other:?}"),
    };
    parse(body).into_iter().map(upload).collect()
}

fn refusal(body: &str) -> Refusal {
    match parse(body).as_slice() {
        [Record::Refused(refusal)] => refusal.clone(),
        other => panic!("{other:?}"),
    }
}

fn event_bridge(key: &str) -> Value {
    json!({"detail-type": "Object Created", "source": "aws.s3", "detail": {
        "bucket": {"name": "input"},
        "object": {"key": key, "size": 7, "etag": "abc", "version-id": "v1", "sequencer": "55AED6DCD90281E5"},
    }})
}

#[test]
fn every_field_of_a_record_is_read() {
    let upload = &uploads(&notification(&[record("incoming/a.csv")]))[0];
    assert_eq!(upload.object.identity.bucket, "input");
    assert_eq!(upload.object.identity.key, "incoming/a.csv");
    assert_eq!(upload.object.identity.etag, "abc");
    assert_eq!(upload.object.version_id.as_deref(), Some("v1"));
    assert_eq!(upload.object.size, 7);
    assert_eq!(upload.object.uri, "s3://input/incoming/a.csv");
    assert_eq!(upload.sequencer, Sequencer::new("55aed6dcd90281e5"));
}

#[test]
fn all_records_of_a_message_are_read() {
    let read = uploads(&notification(&[record("a"), record("b"), record("c")]));
    assert_eq!(read.iter().map(|upload| upload.object.identity.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn keys_of_notifications_are_form_encoded() {
    for (encoded, decoded) in [
        ("red+flower.csv", "red flower.csv"),
        ("a%2Bb.csv", "a+b.csv"),
        ("100%25.csv", "100%.csv"),
        ("%C3%B1and%C3%BA.csv", "ñandú.csv"),
        ("a%252Fb", "a%2Fb"),
        ("dir%2Fa.csv", "dir/a.csv"),
    ] {
        assert_eq!(uploads(&notification(&[record(encoded)]))[0].object.identity.key, decoded, "{encoded}");
    }
}

#[test]
fn keys_of_event_bridge_are_taken_as_they_are() {
    let upload = &uploads(&event_bridge("a+b %25.csv").to_string())[0];
    assert_eq!(upload.object.identity.key, "a+b %25.csv");
    assert_eq!(upload, &uploads(&notification(&[record("a%2Bb+%2525.csv")]))[0]);
}

#[test]
fn an_sns_envelope_changes_nothing() {
    for inner in [notification(&[record("a"), record("b")]), event_bridge("a").to_string()] {
        let enveloped = json!({"Type": "Notification", "MessageId": "m", "Message": inner}).to_string();
        assert_eq!(parse(&enveloped), parse(&inner));
    }
}

#[test]
fn envelopes_without_end_are_refused() {
    let mut body = notification(&[record("a")]);
    for _ in 0..8 {
        body = json!({"Type": "Notification", "Message": body}).to_string();
    }
    assert_eq!(refusal(&body), Refusal::UnknownShape);
}

#[test]
fn test_events_and_folder_markers_announce_nothing() {
    let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "input"}).to_string();
    assert_eq!(parse(&test), [Record::Nothing]);
    let mut marker = record("incoming/new+folder/");
    marker["s3"]["object"]["size"] = json!(0);
    assert_eq!(parse(&notification(&[marker])), [Record::Nothing]);
}

#[test]
fn what_announces_no_upload_is_refused_with_its_reason() {
    let without = |pointer: &str| {
        let mut record = record("a");
        *record.pointer_mut(pointer).unwrap() = Value::Null;
        refusal(&notification(&[record]))
    };
    assert_eq!(refusal("review text, by mistake"), Refusal::NotJson);
    assert_eq!(refusal(""), Refusal::NotJson);
    for shape in ["{}", "[]", "null", "7", r#"{"Records":[]}"#, r#"{"Records":{}}"#, r#"{"Message":"x"}"#] {
        assert_eq!(refusal(shape), Refusal::UnknownShape, "{shape}");
    }
    assert_eq!(refusal(r#"{"Records":[7]}"#), Refusal::MissingField("eventName"));
    assert_eq!(without("/s3/object/key"), Refusal::MissingField("s3.object.key"));
    assert_eq!(without("/s3/object/eTag"), Refusal::MissingField("s3.object.eTag"));
    // Found by fuzzing.
    let mut quotes = record("a");
    quotes["s3"]["object"]["eTag"] = json!("\"\"");
    assert_eq!(refusal(&notification(&[quotes])), Refusal::MissingField("s3.object.eTag"));
    assert_eq!(without("/s3/object/size"), Refusal::MissingField("s3.object.size"));
    assert_eq!(without("/s3/bucket/name"), Refusal::MissingField("s3.bucket.name"));
    let mut removed = record("a");
    removed["eventName"] = json!("ObjectRemoved:Delete");
    assert_eq!(refusal(&notification(&[removed])), Refusal::NotACreation);
    let mut deleted = event_bridge("a");
    deleted["detail-type"] = json!("Object Deleted");
    assert_eq!(refusal(&deleted.to_string()), Refusal::NotACreation);
}

#[test]
fn keys_that_no_stage_could_read_are_refused() {
    assert_eq!(refusal(&notification(&[record("%FF%FE.csv")])), Refusal::UndecodableKey);
    for key in ["a//b.csv", "%2Fa.csv", "a/../b.csv", "./a.csv", "line%0Abreak.csv", "bytes/in/marker/"] {
        let refused = refusal(&notification(&[record(key)]));
        assert!(matches!(refused, Refusal::UnreadableKey { .. }), "{key}: {refused:?}");
    }
}

#[test]
fn one_bad_record_does_not_spoil_its_neighbours() {
    let records = parse(&notification(&[record("a"), json!({}), record("b")]));
    assert!(matches!(records.as_slice(), [Record::Upload(_), Record::Refused(_), Record::Upload(_)]));
}

#[test]
fn sequencers_compare_as_numbers_of_any_length() {
    let order = ["", "00", "9", "0A", "10", "0ff", "100", "0055AED6DCD90281E5", "55AED6DCD90281E6"];
    for pair in order.windows(2) {
        assert!(Sequencer::new(pair[0]) <= Sequencer::new(pair[1]), "{pair:?}");
    }
    assert!(Sequencer::new("100") > Sequencer::new("0ff"));
    assert_eq!(Sequencer::new("00ab"), Sequencer::new("AB"));
}

fn announced(etag: &str, version: &str, sequencer: &str) -> Upload {
    let sequencer = Sequencer::new(sequencer);
    Upload::try_new("input", "a.csv".into(), etag, Some(version.into()), 1, sequencer).unwrap()
}

#[test]
fn of_the_same_content_the_newest_version_is_taken_whatever_the_order_of_events() {
    let events = [announced("e", "old", "9"), announced("e", "new", "10"), announced("e", "older", "8")];
    for turn in 0..3 {
        let mut turned = events.clone();
        turned.rotate_left(turn);
        let newest: Vec<_> = newest(&turned).into_values().collect();
        assert_eq!(newest, [events[1].object.clone()]);
    }
}

#[test]
fn different_contents_of_one_key_all_count() {
    let events = [announced("new", "v2", "2"), announced("old", "v1", "1")];
    assert_eq!(newest(&events).len(), 2);
}
