//! Mail over SNS.

use tamiz_ports::{Mail, Mailer};

use crate::local_aws::{LocalAws, eventually};

#[tokio::test]
async fn a_subscriber_gets_subject_and_body() {
    let local = LocalAws::start();
    let sns = aws_sdk_sns::Client::new(&local.sdk().await);
    let topic = sns.create_topic().name("operators").send().await.unwrap().topic_arn.unwrap();
    let subscribe = sns.subscribe().topic_arn(&topic).protocol("email").endpoint("operator@example.com");
    subscribe.send().await.unwrap();

    let mail = Mail::new("[tamiz prod] OK run 7f3a: 12,345 reviews", "All is well.\n\nNo café.".to_owned());
    local.aws().await.mailer(&topic).send("7f3a", &mail).await.unwrap();
    let folder = local.state().join("mail");
    let text = eventually("the mail", async || {
        let file =
            std::fs::read_dir(&folder).ok()?.filter_map(Result::ok).find(|file| file.path().ends_with("0001.txt"))?;
        std::fs::read_to_string(file.path()).ok().filter(|text| !text.is_empty())
    })
    .await;
    assert!(text.contains(mail.subject()) && text.contains(&mail.body), "{text}");
}

#[tokio::test]
async fn a_missing_topic_is_an_error() {
    let local = LocalAws::start();
    let mailer = local.aws().await.mailer("arn:aws:sns:us-east-1:123456789012:nobody");
    let error = mailer.send("x", &Mail::new("subject", "body".to_owned())).await.unwrap_err();
    assert!(error.source.to_string().contains("NotFound"), "{error:?}");
}
