//! What is read, and what is refused.

use super::*;

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        let named = settings.iter().find(|(known, _)| *known == name);
        named.map(|(_, value)| (*value).to_owned())
    })
}

const SECRET: (&str, &str) = ("JWT_SECRET", "0123456789abcdef0123456789abcdef");

#[test]
fn a_secret_is_all_that_must_be_set() {
    let config = read(&[SECRET]).unwrap();
    assert_eq!((config.bcrypt_cost, config.cache_lease_ms), (10, 1000));
    assert_eq!(config.placement, Placement::default());
    assert_eq!(config.changes, Rate { burst: 500, per_second: 10 });
    assert_eq!(config.cors, Cors::Any);
    assert_eq!(config.mail_provider, Provider::Log { anywhere: false });
}

#[test]
fn an_empty_list_is_empty_and_any_other_empty_setting_counts_as_not_set() {
    let origins = |text| read(&[SECRET, ("CORS_ORIGINS", text)]).map(|config| config.cors);
    for empty in ["", " \t"] {
        assert_eq!(origins(empty), Ok(Cors::List(vec![])));
    }
    assert_eq!(origins(" * "), Ok(Cors::Any));
    assert!(origins(",").is_err());
    let config = read(&[SECRET, ("BCRYPT_COST", ""), ("ADMIN_TOKEN", " "), ("PUBLIC_URL", "")]).unwrap();
    assert_eq!((config.bcrypt_cost, config.admin_token, config.public_url), (10, None, None));
}

#[test]
fn where_objects_live_is_a_choice() {
    let config = read(&[SECRET, ("JURISDICTION", " eu"), ("CATALOG_LOCATION", "weur ")]).unwrap();
    let eu = Some(Jurisdiction::Eu);
    assert_eq!(config.placement, Placement { jurisdiction: eu, catalog_location: Some("weur") });
    assert_eq!(read(&[SECRET, ("JURISDICTION", "none")]).unwrap().placement, Placement::default());
}

#[test]
fn what_is_missing_or_out_of_range_is_named() {
    for (settings, name) in [
        (vec![], "JWT_SECRET"),
        (vec![("JWT_SECRET", "too short")], "JWT_SECRET"),
        (vec![SECRET, ("JWT_SECRET_PREVIOUS", "too short")], "JWT_SECRET"),
        (vec![SECRET, ("ADMIN_TOKEN", "0123456789abcdef0123456789abcde")], "ADMIN_TOKEN"),
        (vec![SECRET, ("ADMIN_TOKEN", SECRET.1)], "ADMIN_TOKEN"),
        (vec![SECRET, ("LOG_SAMPLING", "1.5")], "LOG_SAMPLING"),
        (vec![SECRET, ("BCRYPT_COST", "15")], "BCRYPT_COST"),
        (vec![SECRET, ("BCRYPT_COST", "ten")], "BCRYPT_COST"),
        (vec![SECRET, ("ACCESS_TOKEN_TTL_SECONDS", "0")], "ACCESS_TOKEN_TTL_SECONDS"),
        (vec![SECRET, ("CACHE_LEASE_MS", "10001")], "CACHE_LEASE_MS"),
        (vec![SECRET, ("JURISDICTION", "EU")], "JURISDICTION"),
        (vec![SECRET, ("CATALOG_LOCATION", "mars")], "CATALOG_LOCATION"),
        (vec![SECRET, ("CHANGES_BURST", "0")], "CHANGES_BURST"),
        (vec![SECRET, ("CHANGES_PER_SECOND", "many")], "CHANGES_PER_SECOND"),
        (vec![SECRET, ("CORS_ORIGINS", "https://a.example, nonsense")], "CORS_ORIGINS"),
        (vec![SECRET, ("PUBLIC_URL", "ftp://example.com")], "PUBLIC_URL"),
        (vec![SECRET, ("MAIL_PROVIDER", "pigeon")], "MAIL_PROVIDER"),
        (vec![SECRET, ("MAIL_FROM", "nobody")], "MAIL_FROM"),
        (vec![SECRET, ("RESEND_WEBHOOK_SECRET", "whsec_c2hvcnQ=")], "RESEND_WEBHOOK_SECRET"),
        (vec![SECRET, ("POSTMARK_WEBHOOK_LOGIN", "user:short")], "POSTMARK_WEBHOOK_LOGIN"),
        (vec![SECRET, ("SENDGRID_WEBHOOK_KEY", "bm8ga2V5")], "SENDGRID_WEBHOOK_KEY"),
        (vec![SECRET, ("MAILGUN_WEBHOOK_KEY", "short")], "MAILGUN_WEBHOOK_KEY"),
        (vec![SECRET, ("SES_TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:mail")], "SES_TOPIC_ARN"),
        (vec![SECRET, ("ALLOW_LOG_MAIL", "yes")], "ALLOW_LOG_MAIL"),
        (vec![SECRET, ("MAIL_PROVIDER", "ses")], "AWS_REGION"),
        (vec![SECRET, ("MAIL_PROVIDER", "ses"), ("AWS_REGION", "eu/../")], "AWS_REGION"),
        (vec![SECRET, ("MAIL_PROVIDER", "mailgun")], "MAILGUN_DOMAIN"),
        (vec![SECRET, ("MAIL_PROVIDER", "mailgun"), ("MAILGUN_REGION", "mars")], "MAILGUN_REGION"),
        (
            vec![SECRET, ("MAIL_PROVIDER", "postmark"), ("POSTMARK_BROADCAST_STREAM", "a b")],
            "POSTMARK_BROADCAST_STREAM",
        ),
    ] {
        assert_eq!(read(&settings).unwrap_err().name, name);
    }
}

#[test]
fn each_provider_is_reached_where_it_is() {
    let provider = |settings: &[(&str, &str)]| read(&[&[SECRET], settings].concat()).unwrap().mail_provider;
    let url = |settings: &[(&str, &str)]| match provider(settings) {
        Provider::Resend(transport) | Provider::SendGrid(transport) => transport.api_url,
        Provider::Postmark(postmark) => postmark.transport.api_url,
        Provider::Mailgun(mailgun) => mailgun.transport.api_url,
        Provider::Ses(ses) => ses.api_url,
        provider => panic!("{provider:?}"),
    };
    for (settings, expected) in [
        (&[("MAIL_PROVIDER", "resend")][..], "https://api.resend.com"),
        (&[("MAIL_PROVIDER", "postmark")], "https://api.postmarkapp.com"),
        (&[("MAIL_PROVIDER", "sendgrid")], "https://api.sendgrid.com"),
        (&[("MAIL_PROVIDER", "mailgun"), ("MAILGUN_DOMAIN", "mg.a.example")], "https://api.mailgun.net"),
        (
            &[("MAIL_PROVIDER", "mailgun"), ("MAILGUN_DOMAIN", "mg.a.example"), ("MAILGUN_REGION", "eu")],
            "https://api.eu.mailgun.net",
        ),
        (
            &[("MAIL_PROVIDER", "ses"), ("AWS_REGION", "eu-central-1")],
            "https://email.eu-central-1.amazonaws.com",
        ),
        (
            &[
                ("MAIL_PROVIDER", "ses"),
                ("AWS_REGION", "eu-central-1"),
                ("MAIL_API_URL", "https://vpce.example/"),
            ],
            "https://vpce.example",
        ),
    ] {
        assert_eq!(url(settings), expected, "{settings:?}");
    }
    assert_eq!(provider(&[("MAIL_PROVIDER", "cloudflare")]), Provider::Cloudflare);
    assert_eq!(provider(&[("ALLOW_LOG_MAIL", "true")]), Provider::Log { anywhere: true });
}

#[test]
fn what_may_be_missing_here_is_named_for_elsewhere() {
    let missing = |settings: &[(&str, &str)]| -> Vec<_> {
        let config = read(&[&[SECRET], settings].concat()).unwrap();
        config.missing_elsewhere().iter().map(|error| error.name).collect()
    };
    let url = ("PUBLIC_URL", "https://events.example");
    assert_eq!(missing(&[]), ["MAIL_PROVIDER", "PUBLIC_URL"]);
    assert_eq!(missing(&[url]), ["MAIL_PROVIDER"]);
    assert_eq!(missing(&[("ALLOW_LOG_MAIL", "true")]), ["PUBLIC_URL"]);
    assert_eq!(missing(&[("MAIL_PROVIDER", "cloudflare")]), ["PUBLIC_URL"]);
    assert!(missing(&[("MAIL_PROVIDER", "resend"), url]).is_empty());
    assert!(missing(&[("ALLOW_LOG_MAIL", "true"), url]).is_empty());
}

#[test]
fn secrets_are_not_shown() {
    let shown = |settings: &[(&str, &str)]| format!("{:?}", read(&[&[SECRET], settings].concat()).unwrap());
    let keyed = shown(&[("MAIL_PROVIDER", "resend"), ("MAIL_API_KEY", "re_123")]);
    let signed = shown(&[
        ("MAIL_PROVIDER", "ses"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_SECRET_ACCESS_KEY", "wJalr"),
        ("AWS_SESSION_TOKEN", "AQoDY"),
    ]);
    for (shown, secrets) in [(keyed, ["re_123", SECRET.1]), (signed, ["wJalr", "AQoDY"])] {
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
