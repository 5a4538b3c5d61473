//! Which of two media types a client would rather have (`Accept`, RFC 9110 §12.5.1).

use http::HeaderMap;
use http::header::ACCEPT;

use crate::api::shared::conditional::joined;
use crate::api::shared::separated::separated;

/// Whether a client would rather have `other` than `usual`. Of equal weights, the one that is named more
/// exactly wins. A client that accepts neither gets what is usual: the header states wishes, and a 406 would
/// help nobody.
pub(in crate::api) fn prefers(headers: &HeaderMap, other: &str, usual: &str) -> bool {
    let Some(accept) = joined(headers, &ACCEPT) else { return false };
    let ranked = rank(&accept, other);
    ranked.0 > 0.0 && ranked > rank(&accept, usual)
}

/// The weight of a media type, and how exactly it is named: the most exact range decides.
fn rank(accept: &str, media_type: &str) -> (f64, u8) {
    let mut best = (0, 0.0);
    for range in separated(accept, ',') {
        let mut parts = separated(range, ';').map(str::trim);
        let exactness = exactness(parts.next().unwrap_or_default(), media_type);
        // A range with a malformed weight counts as not sent.
        let weight = weight(parts).filter(|_| exactness > 0);
        if let Some(weight) = weight.filter(|weight| (exactness, *weight) > best) {
            best = (exactness, weight);
        }
    }
    (best.1, best.0)
}

/// How exactly a range names a media type, without its parameters: 0 if it does not.
fn exactness(range: &str, media_type: &str) -> u8 {
    let is_kind =
        |kind: &str| media_type.split('/').next().is_some_and(|ours| ours.eq_ignore_ascii_case(kind));
    if range.eq_ignore_ascii_case(media_type) {
        3
    } else if range.strip_suffix("/*").is_some_and(is_kind) {
        2
    } else {
        u8::from(range == "*/*")
    }
}

/// RFC 9110 §12.4.2: `0` or `1` with up to three decimals, at most 1.
fn is_weight_value(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digit = |b: u8| b.is_ascii_digit() && (whole == "0" || b == b'0');
    matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(digit)
}

fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<f64> {
    let is_weight = |(name, _): &(&str, &str)| name.trim().eq_ignore_ascii_case("q");
    match parameters.find_map(|parameter| parameter.split_once('=').filter(is_weight)) {
        Some((_, text)) if is_weight_value(text.trim()) => text.trim().parse().ok(),
        Some(_) => None,
        None => Some(1.0),
    }
}
