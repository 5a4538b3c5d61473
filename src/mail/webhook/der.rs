//! The part of DER (ITU-T X.690) that is needed to find the public key in a certificate and the two numbers
//! in a signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT Version` of a certificate.
const VERSION: u8 = 0xa0;

/// One value: its tag, its contents, all of its bytes, and what follows it.
struct Value<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

/// Reads the first value. Lengths have at most three bytes, because nothing here is longer than a megabyte.
fn read(bytes: &[u8]) -> Option<Value<'_>> {
    let (&tag, after_tag) = bytes.split_first()?;
    let (&first, after_first) = after_tag.split_first()?;
    let (length, after_length) = if first < 0x80 {
        (usize::from(first), after_first)
    } else {
        let size = usize::from(first & 0x7f);
        let (digits, after) = (1..=3).contains(&size).then(|| after_first.split_at_checked(size))??;
        (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), after)
    };
    let (content, rest) = after_length.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
    Some(Value { tag, content, whole, rest })
}

fn read_tagged(bytes: &[u8], tag: u8) -> Option<Value<'_>> {
    read(bytes).filter(|value| value.tag == tag)
}

/// The bytes of the first PEM block (RFC 7468).
pub(super) fn from_pem(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (block, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(block.split_ascii_whitespace().collect::<String>()).ok()
}

/// The `SubjectPublicKeyInfo` of a certificate (RFC 5280 §4.1).
pub(super) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let signed = read_tagged(read_tagged(certificate, SEQUENCE)?.content, SEQUENCE)?.content;
    let mut rest = read_tagged(signed, VERSION).map_or(signed, |version| version.rest);
    // The serial number, the algorithm of the signature, issuer, validity and subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        rest = read_tagged(rest, tag)?.rest;
    }
    read_tagged(rest, SEQUENCE).map(|key| key.whole)
}

/// The two numbers of an ECDSA signature (RFC 3279 §2.2.3), as the 32 bytes of each.
pub(super) fn p256_signature(bytes: &[u8]) -> Option<Vec<u8>> {
    let both = read_tagged(bytes, SEQUENCE).filter(|both| both.rest.is_empty())?;
    let first = read_tagged(both.content, INTEGER)?;
    let second = read_tagged(first.rest, INTEGER).filter(|second| second.rest.is_empty())?;
    let mut numbers = Vec::with_capacity(64);
    for number in [first.content, second.content] {
        let digits =
            number.iter().position(|digit| *digit != 0).map_or(&[][..], |at| number.get(at..).unwrap_or(&[]));
        let zeros = 32_usize.checked_sub(digits.len())?;
        numbers.extend(std::iter::repeat_n(0, zeros));
        numbers.extend_from_slice(digits);
    }
    Some(numbers)
}
