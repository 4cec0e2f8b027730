//! Holds `configs/pipeline.toml` to the code that reads it.

use tamiz_domain::Configuration;
use tamiz_telemetry::parse_toml;

const SHIPPED: &str = include_str!("../configs/pipeline.toml");

#[test]
fn the_shipped_configuration_states_the_defaults() {
    let shipped: Configuration = parse_toml("configs/pipeline.toml", SHIPPED).unwrap();
    assert_eq!(shipped, Configuration::default());
}

#[test]
fn the_shipped_configuration_leaves_no_key_out() {
    let written: serde_json::Value = parse_toml("configs/pipeline.toml", SHIPPED).unwrap();
    let mut known = Configuration::default();
    // Not written while there are none, so that runs without any keep their ids.
    known.columns.targets = vec!["topic".into()];
    let known = serde_json::to_value(known).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let sections = value.as_object().unwrap().iter();
        sections
            .flat_map(|(section, keys)| keys.as_object().unwrap().keys().map(move |key| format!("{section}.{key}")))
            .collect()
    };
    assert_eq!(keys(&written), keys(&known));
}

#[test]
fn a_misspelt_section_is_refused_with_the_nearest_name() {
    let error = parse_toml::<Configuration>("pipeline.toml", "[budgte]\n").unwrap_err();
    assert!(error.to_string().contains("did you mean `budget`?"), "{error}");
}
