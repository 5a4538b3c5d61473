//! Resend: `POST /emails` with a bearer key and an `Idempotency-Key` that is kept for 24 hours.

use serde_json::json;

use super::{HttpRequest, HttpResponse, Mail, USER_AGENT, render};
use crate::domain::Secret;
use crate::objects::outbox::Delivery;

pub(super) fn request(api_url: &str, api_key: &str, mail: &Mail, from: &str, key: &str) -> HttpRequest {
    let message = render(mail);
    let body = json!({
        "from": from,
        "to": [mail.recipient()],
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    });
    HttpRequest {
        url: format!("{api_url}/emails"),
        headers: Secret::new(vec![
            ("authorization", format!("Bearer {api_key}")),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", key.to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
        ]),
        body: body.to_string(),
    }
}

/// A 409 is either a try still in flight, which is worth another one, or a key used with another
/// body: then the mail has gone out before and its words have changed since. A wrong key, 401 or
/// 403, is ours to mend: the mail waits for it.
pub(super) fn judge(response: &HttpResponse) -> Delivery {
    match response.status {
        200..=299 => Delivery::Done,
        409 if response.body.contains("invalid_idempotent_request") => Delivery::Done,
        401 | 403 | 408 | 409 | 425 | 429 | 500..=599 => {
            Delivery::Retry { after_ms: response.retry_after.map(|seconds| seconds.saturating_mul(1000)) }
        }
        _ => Delivery::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Email;
    use crate::mail::Letter;

    fn mail() -> Mail {
        let link = Secret::new("https://example.com/v".to_owned());
        Mail {
            to: Email::parse("ada@example.com").unwrap(),
            name: None,
            letter: Letter::ConfirmAddress { link },
        }
    }

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, retry_after: None, body: body.to_owned() }
    }

    #[test]
    fn the_request_is_the_one_that_resend_documents() {
        let request =
            request("https://api.resend.com", "re_123", &mail(), "Events <e@example.com>", "verify/1");
        assert_eq!(request.url, "https://api.resend.com/emails");
        let headers = request.headers.reveal();
        assert!(headers.contains(&("authorization", "Bearer re_123".to_owned())));
        assert!(headers.contains(&("idempotency-key", "verify/1".to_owned())));
        assert!(headers.iter().any(|(name, _)| *name == "user-agent"));
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body["to"], json!(["ada@example.com"]));
        assert_eq!(body["from"], "Events <e@example.com>");
        assert_eq!(body["subject"], "Confirm your e-mail address");
    }

    #[test]
    fn answers_are_judged_by_whether_another_try_can_help() {
        let retry = Delivery::Retry { after_ms: None };
        for (status, body, expected) in [
            (200, "{}", Delivery::Done),
            (409, "concurrent_idempotent_requests", retry),
            (409, "invalid_idempotent_request", Delivery::Done),
            (429, "", retry),
            (500, "", retry),
            (403, "", retry),
            (422, "", Delivery::Refused),
        ] {
            assert_eq!(judge(&answer(status, body)), expected, "{status} {body}");
        }
        let wait = HttpResponse { status: 429, retry_after: Some(7), body: String::new() };
        assert_eq!(judge(&wait), Delivery::Retry { after_ms: Some(7000) });
    }

    #[test]
    fn the_key_of_the_api_is_never_shown() {
        let request = request("https://api.resend.com", "re_123", &mail(), "e@example.com", "k");
        assert!(!format!("{request:?}").contains("re_123"));
    }
}
