//! An event: the details that its organizer sets, and the rules for changing them.

mod details;
mod fields;
mod hidden;
mod patch;

pub use details::{Details, Organizer, Window};
pub use fields::{Description, JoinUrl, Status, Tags, Title, Visibility, parse_capacity, parse_instant};
pub use hidden::Hidden;
pub use patch::{Change, EventPatch};
