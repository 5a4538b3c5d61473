//! All settings, read once from a lookup function and checked. A deployment with a bad setting only answers
//! that it is misconfigured.

use std::fmt;
use std::str::FromStr;

use crate::auth::admin::AdminToken;
use crate::auth::tokens::TokenKeys;
use crate::domain::{Jurisdiction, Rate, Secret};
use crate::log_sampling::LogSampling;
use crate::mail::webhook::{self, TopicArn, Webhooks};
use crate::mail::{Mailgun, Postmark, Provider, Sender, Ses, Transport};

/// The settings of a deployment.
#[derive(Debug)]
pub struct Config {
    /// Sign and verify access tokens.
    pub keys: TokenKeys,
    /// The cost of new password hashes: 2^cost rounds.
    pub bcrypt_cost: u32,
    /// The lifetime of an access token in seconds.
    pub access_token_ttl_seconds: u32,
    /// The lifetime of a session in seconds, unless it is refreshed.
    pub refresh_token_ttl_seconds: u32,
    /// The longest lease in milliseconds; 0 turns leases off.
    pub cache_lease_ms: u32,
    /// The origins that browsers may call from.
    pub cors: Cors,
    /// The base of links in mail, without a trailing slash; the request's own origin if unset.
    pub public_url: Option<String>,
    /// The mail provider.
    pub mail_provider: Provider,
    /// The sender of mail.
    pub mail_from: String,
    /// The share of ordinary request lines that is logged.
    pub log_sampling: LogSampling,
    /// Enables the operators' calls; without one they do not exist.
    pub admin_token: Option<AdminToken>,
    /// What proves that a message comes from a mail provider.
    pub webhooks: Webhooks,
    /// Where objects live.
    pub placement: Placement,
    /// How many changes one session may make.
    pub changes: Rate,
    /// Whether commands that wait for an object share a commit. Only a measurement turns this off.
    pub group_commit: bool,
}

/// Where objects live. It matters only when an object is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placement {
    /// The jurisdiction that all objects stay in; it cannot be changed once there is data.
    pub jurisdiction: Option<Jurisdiction>,
    /// A hint at the Catalog's region, by the platform's name for it.
    pub catalog_location: Option<&'static str>,
}

/// The regions that the platform accepts as a hint.
const LOCATIONS: [&str; 9] = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];

/// Origins that browsers may call from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Any origin.
    Any,
    /// These origins.
    List(Vec<String>),
}

/// A setting that is missing or out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting.
    pub name: &'static str,
    /// The expected value.
    pub expected: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has to be {}", self.name, self.expected)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// What this deployment's mail contains.
    #[must_use]
    pub fn sender(&self) -> Sender<'_> {
        Sender { from: &self.mail_from, public_url: self.public_url.as_deref(), keys: &self.keys }
    }

    /// The settings that are needed before anybody but this machine gets an answer. If mail is only printed,
    /// whoever reads the log can take over accounts; and without a base URL, links in mail point to whatever
    /// the `Host` header of a request says.
    #[must_use]
    pub fn missing_elsewhere(&self) -> Vec<ConfigError> {
        let printed = (self.mail_provider == Provider::Log { anywhere: false }).then_some(ConfigError {
            name: "MAIL_PROVIDER",
            expected: "one that sends mail, or ALLOW_LOG_MAIL true, for calls from outside localhost",
        });
        let baseless = self.public_url.is_none().then_some(ConfigError {
            name: "PUBLIC_URL",
            expected: "set for calls from outside localhost: it is where links in mail lead",
        });
        printed.into_iter().chain(baseless).collect()
    }

    /// Reads all settings. An empty one counts as not set, except a list: an empty list is empty.
    ///
    /// # Errors
    /// The first setting that is missing or out of its range. The error does not contain its value.
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
            cors: cors(&lookup("CORS_ORIGINS").unwrap_or_else(|| "*".to_owned()))?,
            public_url: get("PUBLIC_URL").map(|url| base_url("PUBLIC_URL", &url)).transpose()?,
            mail_provider: mail_provider(&get)?,
            mail_from: mail_from(get("MAIL_FROM"))?,
            log_sampling: get("LOG_SAMPLING").map_or(Ok(LogSampling::ALL), |text| {
                LogSampling::parse(&text).ok_or(ConfigError { name: "LOG_SAMPLING", expected: "0 to 1" })
            })?,
            admin_token: admin_token(secret("ADMIN_TOKEN"), &current)?,
            webhooks: webhooks(&get)?,
            placement: placement(&get)?,
            changes: Rate {
                burst: number(&get, "CHANGES_BURST", 500, 1, 1_000_000, "1 to 1000000")?,
                per_second: number(&get, "CHANGES_PER_SECOND", 10, 1, 1_000_000, "1 to 1000000")?,
            },
            group_commit: get("GROUP_COMMIT").as_deref() != Some("off"),
        })
    }
}

fn admin_token(
    token: Option<Secret<String>>,
    jwt_secret: &Secret<String>,
) -> Result<Option<AdminToken>, ConfigError> {
    let Some(token) = token else { return Ok(None) };
    let expected = "at least 32 bytes long, and not JWT_SECRET";
    let other = token.reveal().trim() != jwt_secret.reveal().trim();
    let read = AdminToken::new(&token).filter(|_| other);
    read.map(Some).ok_or(ConfigError { name: "ADMIN_TOKEN", expected })
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

fn placement(get: &impl Fn(&str) -> Option<String>) -> Result<Placement, ConfigError> {
    let jurisdiction = match get("JURISDICTION").as_deref().map(str::trim) {
        None | Some("none") => None,
        Some(name) => Some(
            Jurisdiction::parse(name)
                .ok_or(ConfigError { name: "JURISDICTION", expected: "eu, fedramp or none" })?,
        ),
    };
    let catalog_location = get("CATALOG_LOCATION").map(|name| {
        LOCATIONS.into_iter().find(|known| *known == name.trim()).ok_or(ConfigError {
            name: "CATALOG_LOCATION",
            expected: "wnam, enam, sam, weur, eeur, apac, oc, afr or me",
        })
    });
    Ok(Placement { jurisdiction, catalog_location: catalog_location.transpose()? })
}

fn cors(text: &str) -> Result<Cors, ConfigError> {
    if text.trim() == "*" {
        return Ok(Cors::Any);
    }
    if text.trim().is_empty() {
        return Ok(Cors::List(Vec::new()));
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

/// An `http` or `https` URL without a query, returned without a trailing slash.
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
    let plain = |name: &str| get(name).map(|value| value.trim().to_owned());
    let secret = |name: &str| plain(name).map(Secret::new);
    let api_url = |default: &str| {
        get("MAIL_API_URL").map_or_else(|| Ok(default.to_owned()), |url| base_url("MAIL_API_URL", &url))
    };
    let transport =
        |default: &str| Ok(Transport { api_url: api_url(default)?, api_key: secret("MAIL_API_KEY") });
    match plain("MAIL_PROVIDER").as_deref() {
        None | Some("log") => Ok(Provider::Log { anywhere: switch(get, "ALLOW_LOG_MAIL")? }),
        Some("cloudflare") => Ok(Provider::Cloudflare),
        Some("resend") => transport("https://api.resend.com").map(Provider::Resend),
        Some("postmark") => Ok(Provider::Postmark(Postmark {
            transport: transport("https://api.postmarkapp.com")?,
            broadcast_stream: plain("POSTMARK_BROADCAST_STREAM")
                .map(|stream| name("POSTMARK_BROADCAST_STREAM", stream, "the ID of a message stream"))
                .transpose()?,
        })),
        Some("sendgrid") => transport("https://api.sendgrid.com").map(Provider::SendGrid),
        Some("mailgun") => {
            let base = match plain("MAILGUN_REGION").as_deref() {
                None | Some("us") => Mailgun::US,
                Some("eu") => Mailgun::EU,
                Some(_) => return Err(ConfigError { name: "MAILGUN_REGION", expected: "us or eu" }),
            };
            let domain = plain("MAILGUN_DOMAIN").unwrap_or_default();
            let domain = name("MAILGUN_DOMAIN", domain, "the domain that sends, like mg.example.com")?;
            Ok(Provider::Mailgun(Mailgun { transport: transport(base)?, domain }))
        }
        Some("ses") => {
            let region = plain("AWS_REGION").unwrap_or_default();
            let region = name("AWS_REGION", region, "a region like eu-central-1")?;
            Ok(Provider::Ses(Ses {
                api_url: api_url(&Ses::endpoint(&region))?,
                region,
                access_key_id: plain("AWS_ACCESS_KEY_ID"),
                secret_access_key: secret("AWS_SECRET_ACCESS_KEY"),
                session_token: secret("AWS_SESSION_TOKEN"),
            }))
        }
        Some(_) => Err(ConfigError {
            name: "MAIL_PROVIDER",
            expected: "log, cloudflare, resend, postmark, sendgrid, mailgun or ses",
        }),
    }
}

/// Text that needs no escaping in a URL or JSON: letters, digits, `-`, `_` and `.`.
fn name(name: &'static str, value: String, expected: &'static str) -> Result<String, ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fine = !value.is_empty() && value.chars().all(plain) && !value.starts_with('.');
    if fine { Ok(value) } else { Err(ConfigError { name, expected }) }
}

/// A setting that is off unless it is `true`.
fn switch(get: &impl Fn(&str) -> Option<String>, name: &'static str) -> Result<bool, ConfigError> {
    match get(name).as_deref().map(str::trim) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError { name, expected: "true or false" }),
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

/// An optional setting that must have a certain form.
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
mod tests;
