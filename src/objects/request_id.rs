//! The id of a request on its way to an object. It is an optional member at the start of the envelope, so
//! that one log search finds what both the isolate and the object have logged about it.
//!
//! An object that does not know the member ignores it, and an envelope without it is equally valid. Whoever
//! looks for the id need not parse the rest of the message.

const BEFORE: &str = r#"{"request_id":""#;
/// A hyphenated UUID.
const LENGTH: usize = 36;

/// The JSON of an envelope, with the id at the start.
#[must_use]
pub fn attach(envelope: &str, request_id: &str) -> String {
    match envelope.strip_prefix('{') {
        Some(rest) if well_formed(request_id) => [BEFORE, request_id, "\",", rest].concat(),
        _ => envelope.to_owned(),
    }
}

/// The id at the start of an envelope, if there is one.
#[must_use]
pub fn of(envelope: &str) -> Option<&str> {
    let (id, rest) = envelope.strip_prefix(BEFORE)?.split_at_checked(LENGTH)?;
    (rest.starts_with('"') && well_formed(id)).then_some(id)
}

fn well_formed(id: &str) -> bool {
    id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::catalog;
    use crate::objects::messages::envelope::Envelope;

    const ID: &str = "0b9d4b4e-8e0e-4d0c-9d57-5f1a3f1c9a55";

    #[test]
    fn an_envelope_reads_the_same_with_an_id_in_front() {
        let plain = r#"{"command":"report_lag","have":null}"#;
        let sent = attach(plain, ID);
        assert_eq!(sent, format!(r#"{{"request_id":"{ID}","command":"report_lag","have":null}}"#));
        assert_eq!((of(&sent), of(plain)), (Some(ID), None));
        for text in [plain, &sent] {
            let read: Envelope<catalog::Command> = serde_json::from_str(text).unwrap();
            assert!(matches!(read.command, catalog::Command::ReportLag));
        }
    }

    #[test]
    fn what_is_no_id_is_not_sent_and_not_read() {
        let plain = r#"{"command":"report_lag","have":null}"#;
        for id in ["", "x", r#"","command":"x"#, &"\"".repeat(36)] {
            assert_eq!(attach(plain, id), plain, "{id}");
        }
        for text in ["", "{", r#"{"request_id":"short","command":1}"#, r#"{"request_id":null}"#] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
