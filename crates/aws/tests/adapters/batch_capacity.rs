//! Jobs that wait for a machine.

use aws_sdk_batch::Client;
use aws_sdk_batch::types::{
    ArrayProperties, CeType, ComputeEnvironmentOrder, ContainerProperties, JobDefinitionType, JqState,
    ResourceRequirement, ResourceType,
};
use tamiz_ports::Capacity;

use crate::local_aws::{LocalAws, eventually};

const QUEUE: &str = "gpu";
const IMAGE: &str = "sleeper:1";

/// A queue with one machine, and a job definition whose jobs never end.
async fn queue(local: &LocalAws, batch: &Client) {
    let environment = batch
        .create_compute_environment()
        .compute_environment_name("machines")
        .r#type(CeType::Unmanaged)
        .service_role(local.role("batch").await)
        .send()
        .await
        .unwrap()
        .compute_environment_arn
        .unwrap();
    let order = ComputeEnvironmentOrder::builder().order(1).compute_environment(environment).build();
    let request = batch.create_job_queue().job_queue_name(QUEUE).priority(1).state(JqState::Enabled);
    request.compute_environment_order(order).send().await.unwrap();
    let container = ContainerProperties::builder()
        .image(IMAGE)
        .command("100000")
        .resource_requirements(ResourceRequirement::builder().r#type(ResourceType::Vcpu).value("1").build())
        .resource_requirements(ResourceRequirement::builder().r#type(ResourceType::Memory).value("512").build())
        .build();
    let definition = batch.register_job_definition().job_definition_name("sleep").r#type(JobDefinitionType::Container);
    definition.container_properties(container).send().await.unwrap();
}

async fn submit(batch: &Client, name: &str, array_size: Option<i32>) {
    let array = array_size.map(|size| ArrayProperties::builder().size(size).build());
    let request = batch.submit_job().job_name(name).job_queue(QUEUE).job_definition("sleep");
    request.set_array_properties(array).send().await.unwrap();
}

#[tokio::test]
async fn plain_jobs_and_children_of_arrays_wait_alike() {
    let images = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(images.path(), format!(r#"{{"{IMAGE}": ["sleep"]}}"#)).unwrap();
    let local = LocalAws::start_with(&["--slots", "1", "--images", images.path().to_str().unwrap()]);
    let batch = Client::new(&local.sdk().await);
    queue(&local, &batch).await;
    let capacity = local.aws().await.capacity(vec![QUEUE.to_owned()]);
    assert_eq!(capacity.count_waiting(10).await.unwrap(), 0);

    submit(&batch, "running", None).await;
    eventually("the first job's start", async || (capacity.count_waiting(10).await.unwrap() == 0).then_some(())).await;
    submit(&batch, "plain", None).await;
    submit(&batch, "array", Some(4)).await;
    eventually("five waiting jobs", async || (capacity.count_waiting(10).await.unwrap() == 5).then_some(())).await;
    let mut counts = Vec::new();
    for at_most in [0, 1, 3, 5, 6] {
        counts.push(capacity.count_waiting(at_most).await.unwrap());
    }
    assert_eq!(counts, [0, 1, 3, 5, 5]);
}

#[tokio::test]
async fn a_missing_queue_is_named_in_the_error() {
    let local = LocalAws::start();
    let error = local.aws().await.capacity(vec!["nobody".to_owned()]).count_waiting(1).await.unwrap_err();
    assert!(error.source.to_string().contains("nobody"), "{error:?}");
}
