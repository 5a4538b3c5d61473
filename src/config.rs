//! Every setting, read once from a lookup function and checked: a deployment with a bad one
//! answers nothing but that it is misconfigured.

use std::fmt;
use std::str::FromStr;

use crate::auth::tokens::TokenKeys;
use crate::domain::Secret;
use crate::mail::webhook::{self, TopicArn, Webhooks};
use crate::mail::{Carrier, Provider, Sender};

/// The settings of a deployment.
#[derive(Debug)]
pub struct Config {
    /// Sign and verify access tokens.
    pub keys: TokenKeys,
    /// The cost of new password hashes: 2^cost rounds.
    pub bcrypt_cost: u32,
    /// Seconds that an access token lives.
    pub access_token_ttl_seconds: u32,
    /// Seconds that a session lives without being refreshed.
    pub refresh_token_ttl_seconds: u32,
    /// Milliseconds of the longest lease; 0 turns leases off.
    pub cache_lease_ms: u32,
    /// The origins that browsers may call from.
    pub cors: Cors,
    /// The base of links in mail, without a slash at the end; the request's own origin if unset.
    pub public_url: Option<String>,
    /// Who carries the mail.
    pub mail_provider: Provider,
    /// The sender of mail.
    pub mail_from: String,
    /// What proves that a message is from a mail provider.
    pub webhooks: Webhooks,
    /// Whether commands that wait for an object share a commit. Only a measurement turns it off.
    pub group_commit: bool,
}

/// Origins that browsers may call from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// All of them.
    Any,
    /// These.
    List(Vec<String>),
}

/// A setting that is missing or out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting.
    pub name: &'static str,
    /// What it has to be.
    pub expected: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has to be {}", self.name, self.expected)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// What this deployment puts in its mail.
    #[must_use]
    pub fn sender(&self) -> Sender<'_> {
        Sender { from: &self.mail_from, public_url: self.public_url.as_deref(), keys: &self.keys }
    }

    /// Reads all settings. An empty one counts as not set.
    ///
    /// # Errors
    /// The first that is missing or out of its range. Its value is not part of the error.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let secret = |name: &str| get(name).map(Secret::new);
        let bad_secret = ConfigError {
            name: "JWT_SECRET",
            expected: "at least 32 bytes long (JWT_SECRET_PREVIOUS too, if set)",
        };
        let current = secret("JWT_SECRET").ok_or_else(|| bad_secret.clone())?;
        Ok(Self {
            keys: TokenKeys::new(&current, secret("JWT_SECRET_PREVIOUS").as_ref()).ok_or(bad_secret)?,
            bcrypt_cost: number(&get, "BCRYPT_COST", 10, 4, 14, "4 to 14")?,
            access_token_ttl_seconds: number(
                &get,
                "ACCESS_TOKEN_TTL_SECONDS",
                3_600,
                1,
                86_400,
                "1 to 86400",
            )?,
            refresh_token_ttl_seconds: number(
                &get,
                "REFRESH_TOKEN_TTL_SECONDS",
                2_592_000,
                1,
                31_536_000,
                "1 to 31536000",
            )?,
            cache_lease_ms: number(&get, "CACHE_LEASE_MS", 1_000, 0, 10_000, "0 to 10000")?,
            cors: cors(&get("CORS_ORIGINS").unwrap_or_else(|| "*".to_owned()))?,
            public_url: get("PUBLIC_URL").map(|url| base_url("PUBLIC_URL", &url)).transpose()?,
            mail_provider: mail_provider(&get)?,
            mail_from: mail_from(get("MAIL_FROM"))?,
            webhooks: webhooks(&get)?,
            group_commit: get("GROUP_COMMIT").as_deref() != Some("off"),
        })
    }
}

fn number(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: u32,
    least: u32,
    most: u32,
    expected: &'static str,
) -> Result<u32, ConfigError> {
    let Some(text) = get(name) else {
        return Ok(default);
    };
    u32::from_str(text.trim())
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or(ConfigError { name, expected })
}

fn cors(text: &str) -> Result<Cors, ConfigError> {
    if text.trim() == "*" {
        return Ok(Cors::Any);
    }
    text.split(',')
        .map(|origin| base_url("CORS_ORIGINS", origin.trim()))
        .collect::<Result<_, _>>()
        .map(Cors::List)
        .map_err(|error| ConfigError {
            expected: "*, or origins like https://example.com, separated by commas",
            ..error
        })
}

/// An `http` or `https` URL without query, given back without a slash at its end.
fn base_url(name: &'static str, text: &str) -> Result<String, ConfigError> {
    let text = text.trim().trim_end_matches('/');
    let well_formed = http::Uri::from_str(text).is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    if well_formed {
        Ok(text.to_owned())
    } else {
        Err(ConfigError { name, expected: "a URL like https://example.com" })
    }
}

fn mail_provider(get: &impl Fn(&str) -> Option<String>) -> Result<Provider, ConfigError> {
    let api_url = |default: &str| {
        get("MAIL_API_URL").map_or_else(|| Ok(default.to_owned()), |url| base_url("MAIL_API_URL", &url))
    };
    let api_key = get("MAIL_API_KEY").map(|key| Secret::new(key.trim().to_owned()));
    let carrier = |default| Ok(Carrier { api_url: api_url(default)?, api_key: api_key.clone() });
    match get("MAIL_PROVIDER").as_deref().map(str::trim) {
        None | Some("log") => Ok(Provider::Log),
        Some("resend") => carrier("https://api.resend.com").map(Provider::Resend),
        Some("postmark") => carrier("https://api.postmarkapp.com").map(Provider::Postmark),
        Some("sendgrid") => carrier("https://api.sendgrid.com").map(Provider::SendGrid),
        Some(_) => Err(ConfigError { name: "MAIL_PROVIDER", expected: "log, resend, postmark or sendgrid" }),
    }
}

fn webhooks(get: &impl Fn(&str) -> Option<String>) -> Result<Webhooks, ConfigError> {
    Ok(Webhooks {
        resend: parsed(get, "RESEND_WEBHOOK_SECRET", "a signing secret like whsec_…", webhook::resend_key)?,
        postmark: parsed(
            get,
            "POSTMARK_WEBHOOK_LOGIN",
            "user:password, the password with 16 characters or more",
            |text| {
                let long = text.split_once(':').is_some_and(|(_, password)| password.len() >= 16);
                long.then(|| Secret::new(text.to_owned()))
            },
        )?,
        sendgrid: parsed(
            get,
            "SENDGRID_WEBHOOK_KEY",
            "the public key that SendGrid shows",
            webhook::sendgrid_key,
        )?,
        mailgun: parsed(get, "MAILGUN_WEBHOOK_KEY", "a signing key of 16 characters or more", |text| {
            (text.len() >= 16).then(|| Secret::new(text.to_owned()))
        })?,
        ses: parsed(
            get,
            "SES_TOPIC_ARN",
            "a topic like arn:aws:sns:eu-central-1:123456789012:mail",
            TopicArn::parse,
        )?,
    })
}

/// A setting that has to have a form, if it is there.
fn parsed<T>(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    get(name).map(|text| parse(text.trim()).ok_or(ConfigError { name, expected })).transpose()
}

fn mail_from(setting: Option<String>) -> Result<String, ConfigError> {
    let from = setting.unwrap_or_else(|| "Events <events@localhost>".to_owned());
    if from.chars().any(char::is_control) || !from.contains('@') {
        return Err(ConfigError { name: "MAIL_FROM", expected: "a sender like Events <events@example.com>" });
    }
    Ok(from)
}

#[cfg(test)]
mod tests {
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
        assert_eq!(config.cors, Cors::Any);
        assert_eq!(config.mail_provider, Provider::Log);
    }

    #[test]
    fn what_is_missing_or_out_of_range_is_named() {
        for (settings, name) in [
            (vec![], "JWT_SECRET"),
            (vec![("JWT_SECRET", "too short")], "JWT_SECRET"),
            (vec![SECRET, ("JWT_SECRET_PREVIOUS", "too short")], "JWT_SECRET"),
            (vec![SECRET, ("BCRYPT_COST", "15")], "BCRYPT_COST"),
            (vec![SECRET, ("BCRYPT_COST", "ten")], "BCRYPT_COST"),
            (vec![SECRET, ("ACCESS_TOKEN_TTL_SECONDS", "0")], "ACCESS_TOKEN_TTL_SECONDS"),
            (vec![SECRET, ("CACHE_LEASE_MS", "10001")], "CACHE_LEASE_MS"),
            (vec![SECRET, ("CORS_ORIGINS", "https://a.example, nonsense")], "CORS_ORIGINS"),
            (vec![SECRET, ("PUBLIC_URL", "ftp://example.com")], "PUBLIC_URL"),
            (vec![SECRET, ("MAIL_PROVIDER", "pigeon")], "MAIL_PROVIDER"),
            (vec![SECRET, ("MAIL_FROM", "nobody")], "MAIL_FROM"),
            (vec![SECRET, ("RESEND_WEBHOOK_SECRET", "whsec_c2hvcnQ=")], "RESEND_WEBHOOK_SECRET"),
            (vec![SECRET, ("POSTMARK_WEBHOOK_LOGIN", "user:short")], "POSTMARK_WEBHOOK_LOGIN"),
            (vec![SECRET, ("SENDGRID_WEBHOOK_KEY", "bm8ga2V5")], "SENDGRID_WEBHOOK_KEY"),
            (vec![SECRET, ("MAILGUN_WEBHOOK_KEY", "short")], "MAILGUN_WEBHOOK_KEY"),
            (vec![SECRET, ("SES_TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:mail")], "SES_TOPIC_ARN"),
        ] {
            assert_eq!(read(&settings).unwrap_err().name, name);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = read(&[SECRET, ("MAIL_PROVIDER", "resend"), ("MAIL_API_KEY", "re_123")]).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("re_123") && !shown.contains(SECRET.1), "{shown}");
    }
}
