//! Retrainings on texts in which entities are marked.

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};

use super::*;

/// Kind, first character and end of each entity of a text; none of a text that nobody has looked at.
type Marked = (String, Option<Vec<(&'static str, i64, i64)>>);

/// A file as pandas or a label editor writes it: numbers of 64 bits, and more about an entity than is needed.
fn marked_file(rows: &[Marked]) -> Vec<u8> {
    let spans: Vec<_> = rows.iter().flat_map(|(_, spans)| spans.iter().flatten()).collect();
    let field = |name: &str, kind| Arc::new(Field::new(name, kind, true));
    let columns: Vec<(_, ArrayRef)> = vec![
        (field("end", DataType::Int64), Arc::new(Int64Array::from_iter_values(spans.iter().map(|span| span.2)))),
        (field("kind", DataType::Utf8), Arc::new(StringArray::from_iter_values(spans.iter().map(|span| span.0)))),
        (field("who", DataType::Utf8), Arc::new(StringArray::from(vec!["me"; spans.len()]))),
        (field("start", DataType::Int64), Arc::new(Int64Array::from_iter_values(spans.iter().map(|span| span.1)))),
    ];
    let entities = StructArray::from(columns);
    let lengths = rows.iter().map(|(_, spans)| spans.as_ref().map_or(0, Vec::len));
    let known = NullBuffer::from_iter(rows.iter().map(|(_, spans)| spans.is_some()));
    let item = Arc::new(Field::new_list_field(entities.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths(lengths), Arc::new(entities), Some(known));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(text, _)| text)));
    let batch = RecordBatch::try_from_iter([("text", texts), ("spans", Arc::new(list) as ArrayRef)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Reviews that name a person, a place, both or neither; every eleventh was looked at by nobody.
fn marked(count: usize) -> Vec<Marked> {
    let review = |n: usize| {
        let number = n / 4;
        let (text, spans) = match n % 4 {
            0 => (format!("Anna bought it in New York {number}"), vec![("person", 0, 4), ("place", 18, 26)]),
            1 => (format!("It broke in Zürich twice {number}"), vec![("place", 12, 18)]),
            2 => (format!("the best toy, said Anna {number}"), vec![("person", 19, 23)]),
            _ => (format!("Five stars and nobody answered {number}"), vec![]),
        };
        (text, (n % 11 != 10).then_some(spans))
    };
    (0..count).map(review).collect()
}

const TRAIN: [&str; 14] = [
    "--training-data",
    "s3://curated/marked.parquet",
    "--label-columns",
    "spans",
    "--architecture",
    "transformer",
    "--init",
    "s3://encoders/tiny",
    "--learning-rate",
    "0.005",
    "--step-rows",
    "8",
    "--max-tokens",
    "40",
];

async fn stores_with(rows: &[Marked]) -> MemoryStores {
    let stores = MemoryStores::default();
    stores.open_str("s3://curated/marked.parquet").unwrap().write("", marked_file(rows)).await.unwrap();
    add_encoder(&stores).await;
    stores
}

#[tokio::test]
async fn marked_texts_become_a_model_that_finds_entities_and_meets_its_champion() {
    let stores = stores_with(&marked(440)).await;
    let mailer = Arc::new(MemoryMailer::default());
    let weak = retrain(&stores, &mailer, &[&TRAIN[..], &["--epochs", "1", "--seed", "3"]].concat()).await.unwrap();
    let good = retrain(&stores, &mailer, &[&TRAIN[..], &["--epochs", "8", "--folds", "2"]].concat()).await.unwrap();
    let holdout = &good.metrics.holdout;
    assert!(holdout.entity_f1.unwrap() > 0.97 && holdout.entity_f1 > weak.metrics.holdout.entity_f1, "{holdout:?}");
    assert_eq!((good.model.name.as_str(), good.verdict.promotion.decision), ("toy_spans", Decision::Promoted));
    assert_eq!(good.metrics.train_rows + holdout.rows, 400, "texts that nobody has looked at are not trained on");
    assert_eq!((holdout.log_loss, holdout.calibration_error, good.metrics.suspected_labels), (None, None, None));
    let kinds: Vec<&str> = good.metrics.labels.0.iter().map(|class| class.name.as_str()).collect();
    assert_eq!((kinds, holdout.classes.len()), (vec!["person", "place"], 2));
    let of = |test: &str| good.metrics.behaviour.iter().find(|behaviour| behaviour.test == test).unwrap();
    assert!(of("emoji").cases > 50 && of("typos").cases > 50, "{:?}", good.metrics.behaviour);
    assert!(good.metrics.cross_validation.as_ref().unwrap().entity_f1.unwrap().mean > 0.9);

    let folder = stores.open(&good.folder).unwrap();
    let card = String::from_utf8(folder.read("card.md").await.unwrap().to_vec()).unwrap();
    assert!(
        card.contains(
            "# Entity finder, transformer architecture\n\nFinds entities in review texts, of the kinds person, place.\n"
        ),
        "{card}"
    );
    assert!(card.contains("all entities of a text right in") && card.contains("--balance none"), "{card}");
    let sent = mailer.sent();
    let mail = &sent.last().unwrap().1.body;
    assert!(mail.contains("entity F1 ") && mail.contains("all entities right in "), "{mail}");

    let version = stores.open(&good.folder).unwrap();
    let artifact = tamiz_models::Artifact::read(&version).await.unwrap();
    let mut model = tamiz_models::load(&artifact, &tamiz_models::LoadSettings::on(tamiz_models::Device::CPU)).unwrap();
    let found = model.read_and_label(&["Anna bought it in New York 123"]).unwrap().remove(0).unwrap().entities;
    let found: Vec<(&str, &str)> = found.iter().map(|one| (one.kind.as_str(), one.text.as_str())).collect();
    assert_eq!(found, [("person", "Anna"), ("place", "New York")]);

    let training = settings(&TRAIN).training;
    let place: ObjectUri = good.folder.to_string().parse().unwrap();
    let data = vec!["s3://curated/marked.parquet".parse().unwrap()];
    let again = crate::reproduce(&place, data, &training, &deps(&stores), Shutdown::default()).await.unwrap();
    assert!(again.is_same(), "{:?}", again.different);
}

#[tokio::test]
async fn a_first_model_that_finds_nothing_is_no_baseline() {
    let stores = stores_with(&marked(440)).await;
    let flags = [&TRAIN[..8], &["--learning-rate", "0.0000001", "--epochs", "1"]].concat();
    let outcome = retrain(&stores, &Arc::default(), &flags).await.unwrap();
    assert_eq!(outcome.verdict.promotion.decision, Decision::NoBaseline);
    let why = &outcome.verdict.promotion.why;
    assert!(why.contains("not clearly better than never finding anything"), "{why}");
}

#[tokio::test]
async fn entities_that_cannot_be_learnt_are_refused_with_the_text_and_the_reason() {
    let reason = async |flags: &[&str], change: fn(&mut Vec<Marked>)| {
        let mut rows = marked(440);
        change(&mut rows);
        let refused = retrain(&stores_with(&rows).await, &Arc::default(), flags).await.unwrap_err();
        assert_ne!(refused.disposition(), Disposition::Bug, "{refused}");
        error_chain(&refused).join(": ")
    };
    let refused = reason(&TRAIN, |rows| rows[1].1 = Some(vec![("place", 12, 400)])).await;
    let expected = "in row 2, the entity `place` from 12 to 400 is no part of its text of 26 characters";
    assert!(refused.contains("marked.parquet") && refused.contains(expected), "{refused}");
    // Row 11 is not labelled, and counts.
    let refused = reason(&TRAIN, |rows| rows[11].1 = Some(vec![("place", 5, 5)])).await;
    assert!(refused.contains("in row 12, the entity `place` from 5 to 5 is no part of its text"), "{refused}");
    let refused = reason(&TRAIN, |rows| rows[0].1 = Some(vec![("place", 3, 8), ("person", 0, 4)])).await;
    assert!(refused.contains("`person` from 0 to 4 lies over the entity `place` from 3 to 8"), "{refused}");
    let refused = reason(&TRAIN, |rows| rows[0].1 = Some(vec![("place", -1, 8)])).await;
    assert!(refused.contains("its column `spans.start` is Int64, not UInt32"), "{refused}");
    let refused = reason(&TRAIN, |rows| rows[0].1 = Some(vec![("brand", 0, 4)])).await;
    assert!(refused.contains("(brand) has 1, and 50 are needed of each"), "{refused}");
    let refused = reason(&TRAIN, |rows| rows.iter_mut().for_each(|row| row.1 = Some(vec![]))).await;
    assert!(refused.contains("no entity is marked in any of them"), "{refused}");
    let refused = reason(&TRAIN[..4], |_| ()).await;
    assert!(refused.contains("which only encoders learn to find"), "{refused}");
    let refused = reason(&[&TRAIN[..], &["--balance", "undersample"]].concat(), |_| ()).await;
    assert!(refused.contains("cannot be drawn evenly"), "{refused}");
}
