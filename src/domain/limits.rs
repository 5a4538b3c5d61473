//! The bounds of the product in one place, each with its unit.

/// Characters in an event's title.
pub const TITLE_MAX_CHARS: usize = 200;
/// Characters in an event's description.
pub const DESCRIPTION_MAX_CHARS: usize = 10_000;
/// Minutes that an event lasts at most: 31 days.
pub const DURATION_MAX_MINUTES: u32 = 44_640;
/// Seats that an event has at most, when it has a limit at all.
pub const CAPACITY_MAX: u32 = 1_000_000;
/// Tags on one event.
pub const TAGS_MAX: usize = 10;
/// Characters in one tag.
pub const TAG_MAX_CHARS: usize = 32;
/// Characters in a person's name.
pub const NAME_MAX_CHARS: usize = 100;
/// Bytes in a join link.
pub const JOIN_URL_MAX_BYTES: usize = 2_048;
/// Sessions that one account holds at a time; the oldest makes room for a new one.
pub const SESSIONS_MAX: u32 = 50;
/// Milliseconds after which a session ends however often it was refreshed: a year.
pub const SESSION_MAX_AGE_MS: i64 = 365 * 24 * 60 * 60 * 1000;
/// Links of one kind that one account has in force at a time; more are not sent.
pub const LINKS_MAX: u32 = 5;
/// Security events that an account remembers.
pub const SECURITY_EVENTS_MAX: u32 = 50;
/// Items on a page of a list when the caller names no number.
pub const PAGE_DEFAULT: u32 = 50;
/// Items on a page of a list at most.
pub const PAGE_MAX: u32 = 200;
/// Milliseconds before the start at which joining opens.
pub const JOIN_OPENS_BEFORE_MS: i64 = 15 * 60 * 1000;
/// Words in a search that are looked at.
pub const QUERY_WORDS_MAX: usize = 16;
