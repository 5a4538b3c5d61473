//! The share of ordinary request lines that goes to the log. The random request id decides, so all lines
//! about one request are treated alike, and no random number is needed.

use std::str::FromStr;

/// A share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSampling(u32);

impl LogSampling {
    /// The number of parts of a share: the values of an id's first four digits.
    const PARTS: u32 = 1 << 16;

    /// Everything.
    pub const ALL: Self = Self(Self::PARTS);

    /// Reads a share like `0.1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let share = f64::from_str(text.trim()).ok().filter(|share| (0.0..=1.0).contains(share))?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 65536")]
        Some(Self((share * f64::from(Self::PARTS)).round() as u32))
    }

    /// Whether this request's lines are logged.
    #[must_use]
    pub fn keeps(self, request_id: &str) -> bool {
        let digits = request_id.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        digits.is_none_or(|digits| digits < self.0)
    }

    /// How many of 65,536 are kept, for code elsewhere that makes the same decision.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept() {
        let id = |first: u32| format!("{first:04x}4b4e-8e0e-4d0c-9d57-5f1a3f1c9a55");
        for (text, kept) in [("1", 65_536), ("0", 0), ("0.25", 16_384), (" 0.5 ", 32_768)] {
            let sampling = LogSampling::parse(text).unwrap();
            let count = (0..65_536).filter(|first| sampling.keeps(&id(*first))).count();
            assert_eq!(count, kept, "{text}");
        }
    }

    #[test]
    fn what_is_no_share_is_none() {
        for text in ["", "-0.1", "1.1", "ten", "NaN", "inf"] {
            assert_eq!(LogSampling::parse(text), None, "{text}");
        }
    }
}
