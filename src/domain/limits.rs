//! The limits of the product in one place, each with its unit.

/// Characters in an event's title.
pub const TITLE_MAX_CHARS: usize = 200;
/// Characters in an event's description.
pub const DESCRIPTION_MAX_CHARS: usize = 10_000;
/// The longest duration of an event in minutes: 31 days.
pub const DURATION_MAX_MINUTES: u32 = 44_640;
/// The largest capacity of an event that has one.
pub const CAPACITY_MAX: u32 = 1_000_000;
/// Tags on one event.
pub const TAGS_MAX: usize = 10;
/// Characters in one tag.
pub const TAG_MAX_CHARS: usize = 32;
/// Characters in a person's name.
pub const NAME_MAX_CHARS: usize = 100;
/// Bytes in a join link.
pub const JOIN_URL_MAX_BYTES: usize = 2_048;
/// Sessions that one account may have at a time. A new one replaces the oldest.
pub const SESSIONS_MAX: u32 = 50;
/// Milliseconds after which a session ends, however often it was refreshed: a year.
pub const SESSION_MAX_AGE_MS: i64 = 365 * 24 * 60 * 60 * 1000;
/// Milliseconds for which a refresh token gives its successor again, as long as that one is unused.
pub const REFRESH_GRACE_MS: i64 = 30 * 1000;
/// Valid links of one kind that one account may have at a time. More are not sent.
pub const LINKS_MAX: u32 = 5;
/// Security events that an account keeps.
pub const SECURITY_EVENTS_MAX: u32 = 50;
/// Items on a page of a list if the caller gives no limit.
pub const PAGE_DEFAULT: u32 = 50;
/// The most items on a page of a list.
pub const PAGE_MAX: u32 = 200;
/// The most items on a page of a list that asks an object about each.
pub const ASKED_PAGE_MAX: u32 = 50;
/// Milliseconds before the start at which joining opens.
pub const JOIN_OPENS_BEFORE_MS: i64 = 15 * 60 * 1000;
/// Words of a search that count.
pub const QUERY_WORDS_MAX: usize = 16;
/// Parts of these words that count: `a-b` has two.
pub const QUERY_TERMS_MAX: usize = 32;
/// Letters that count of a part in a script without spaces.
pub const QUERY_RUN_MAX: usize = 64;
