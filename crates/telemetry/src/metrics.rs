//! The metric table, and metrics as CloudWatch embedded metric format (EMF) on stdout.
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// CloudWatch namespace of every metric.
const NAMESPACE: &str = "Tamiz";
/// Dimensions of every metric: the deployment, of which an account may hold several, and the stage. A run is a property and no dimension,
/// since each of its metrics would be one more to pay for.
const DIMENSIONS: [&str; 2] = ["Project", "Stage"];
/// Environment variable that names the deployment; the monitor has a flag for it, too.
const PROJECT: &str = "TAMIZ_PROJECT";

/// Unit of a metric, by its CloudWatch name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A share in percent.
    Percent,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// No unit.
    None,
}

macro_rules! metrics {
    ($($variant:ident $name:literal $unit:ident $meaning:literal;)+) => {
        /// Every metric that Tamiz emits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Metric { $(#[doc = $meaning] $variant,)+ }

        /// Name, unit and meaning of every metric: the one table behind code and documentation.
        pub const METRICS: &[MetricDefinition] = &[$(
            MetricDefinition { metric: Metric::$variant, name: $name, unit: Unit::$unit, meaning: $meaning },
        )+];
    };
}

/// One row of the metric table.
#[derive(Debug, Clone, Copy)]
pub struct MetricDefinition {
    /// The metric.
    pub metric: Metric,
    /// CloudWatch metric name.
    pub name: &'static str,
    /// Unit.
    pub unit: Unit,
    /// What it counts, as a clause.
    pub meaning: &'static str,
}

metrics! {
    RunsStarted "RunsStarted" Count "executions started by the dispatcher";
    ObjectsAlreadySeen "ObjectsAlreadySeen" Count "uploads recognised as processed before";
    MessagesHeldBack "MessagesHeldBack" Count "messages returned to the queue because too much was open";
    RecordsRead "RecordsRead" Count "input records of a run";
    RecordsRejected "RecordsRejected" Count "records that could not be used";
    RejectedShare "RejectedShare" Percent "share of records that could not be used";
    RowsLabelled "RowsLabelled" Count "rows that got a prediction";
    RowsFailed "RowsFailed" Count "clean rows that could not be labelled";
    MeanConfidence "MeanConfidence" None "mean confidence of a run's predictions";
    Accuracy "Accuracy" Percent "accuracy against labels that came with the data";
    LogLoss "LogLoss" None "mean negative log-likelihood of labels that came with the data, in nats";
    EstimatedAccuracy "EstimatedAccuracy" Percent "accuracy of a run as the model's own scores have it";
    DriftIndex "DriftIndex" None "largest stability index of a run's features against the model's baseline";
    FeaturesDrifted "FeaturesDrifted" Count "features of a run that are certainly beyond the band";
    RunCost "RunCost" None "US dollars that the jobs of a run cost";
    WastedAttempts "WastedAttempts" Count "attempts of jobs of a run that had to be repeated";
    NewLabels "NewLabels" Count "labelled rows that the model in use has not seen";
    RetrainingsWanted "RetrainingsWanted" Count "runs that asked for a new model";
    DeviceBusyShare "DeviceBusyShare" Percent "share of the labelling's time in which the device worked";
    StageSeconds "StageSeconds" Seconds "wall time of a stage";
    HoldoutAccuracy "HoldoutAccuracy" Percent "accuracy of a newly trained model on its hold-out";
}

impl Metric {
    /// The metric's row of the table.
    pub fn definition(self) -> &'static MetricDefinition {
        // The table is made from the same list as the enum, in the same order.
        &METRICS[self as usize]
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Percent => "Percent",
            Self::Seconds => "Seconds",
            Self::Bytes => "Bytes",
            Self::None => "None",
        }
    }
}

/// Prints one EMF line on stdout when the process runs as a Batch job or a Lambda function; elsewhere nobody would read it.
pub fn emit(stage: &str, run_id: Option<&str>, values: &[(Metric, f64)]) {
    let in_container =
        ["AWS_BATCH_JOB_ID", "AWS_LAMBDA_FUNCTION_NAME"].iter().any(|name| std::env::var_os(name).is_some());
    if in_container {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64);
        // A closed stdout must not end a job.
        let project = std::env::var(PROJECT).unwrap_or_else(|_| "tamiz".to_owned());
        let _ = writeln!(std::io::stdout(), "{}", emf([&project, stage], run_id, values, now));
    }
}

fn emf(dimensions: [&str; 2], run_id: Option<&str>, values: &[(Metric, f64)], timestamp_ms: u64) -> Value {
    let definitions: Vec<Value> = values
        .iter()
        .map(|(metric, _)| json!({"Name": metric.definition().name, "Unit": metric.definition().unit.name()}))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({"Timestamp": timestamp_ms, "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [DIMENSIONS], "Metrics": definitions}]}),
    );
    line.extend(DIMENSIONS.into_iter().zip(dimensions).map(|(name, value)| (name.to_owned(), value.into())));
    if let Some(run_id) = run_id {
        line.insert("run_id".into(), run_id.into());
    }
    for (metric, value) in values {
        line.insert(metric.definition().name.into(), json!(value));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_finds_its_own_row() {
        for definition in METRICS {
            assert_eq!(definition.metric.definition().name, definition.name);
        }
    }

    /// The page of the documentation that tells every metric.
    fn metrics_page() -> String {
        let row = |metric: &MetricDefinition| {
            format!("| `{}` | {} | {} |\n", metric.name, metric.unit.name(), metric.meaning)
        };
        format!(
            "# Metrics\n\nMade from the table in `crates/telemetry/src/metrics.rs`; a test holds the two together, and \
             `UPDATE_DOCS=1 cargo test` writes this page anew.\n\nThe jobs print them as CloudWatch embedded metric format on \
             stdout, in the namespace `{NAMESPACE}`, with the dimensions\n{}: the name of the deployment, and the stage that printed them. \
             The run's id goes along as a property, by which\nCloudWatch Logs Insights finds them.\n\n| metric | unit | what it tells |\n|---|---|---|\n{}",
            DIMENSIONS.map(|name| format!("`{name}`")).join(" and "),
            METRICS.iter().map(row).collect::<String>()
        )
    }

    #[test]
    fn the_page_is_the_table() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(page, metrics_page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(page).unwrap(), metrics_page(), "UPDATE_DOCS=1 writes it anew");
    }

    #[test]
    fn an_emf_line_declares_exactly_the_values_it_carries() {
        let line = emf(["reviews", "etl"], Some("r"), &[(Metric::RecordsRead, 3.0), (Metric::RejectedShare, 0.5)], 7);
        let declared = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(declared.len(), 2);
        assert!(declared.iter().all(|m| line[m["Name"].as_str().unwrap()].is_number()));
        let texts = ["Project", "Stage", "run_id"].map(|name| line[name].as_str().unwrap());
        assert_eq!(texts, ["reviews", "etl", "r"]);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Project", "Stage"]]));
    }
}
