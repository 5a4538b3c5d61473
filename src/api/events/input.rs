//! An event's fields in JSON.

use crate::api::shared::fields::Fields;
use crate::domain::event::{
    Description, EventPatch, JoinUrl, Status, Tags, Title, Visibility, parse_capacity, parse_instant,
};
use crate::domain::schedule::{parse_date, parse_duration, parse_time, parse_timezone};

/// Reads every field of the contract. Bad ones are noted in `fields` and not changed.
pub(in crate::api) fn read(fields: &mut Fields<'_>) -> EventPatch {
    EventPatch {
        title: fields.text("title", Title::parse),
        description: fields.text("description", Description::parse),
        date: fields.text("date", parse_date),
        time: fields.text("time", parse_time),
        timezone: fields.text("timezone", parse_timezone),
        duration_minutes: fields.integer("duration_minutes", parse_duration),
        capacity: fields.integer("capacity", parse_capacity),
        waitlist: fields.boolean("waitlist"),
        status: fields.text("status", Status::parse),
        visibility: fields.text("visibility", Visibility::parse),
        registration_opens_at: instant(fields, "registration_opens_at"),
        registration_closes_at: instant(fields, "registration_closes_at"),
        join_url: fields.text("join_url", JoinUrl::parse),
        tags: fields.texts("tags", Tags::parse),
    }
}

fn instant(
    fields: &mut Fields<'_>,
    field: &'static str,
) -> crate::domain::event::Change<crate::domain::Timestamp> {
    fields.text(field, |text| parse_instant(field, text))
}
