//! Creating and changing an event: the fields that were sent, applied to the current ones.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::details::{Details, Window};
use super::fields::{Description, JoinUrl, Status, Tags, Title, Visibility};
use crate::domain::schedule::Schedule;
use crate::domain::{FieldError, Invalid, Refusal, Timestamp, Zone};

/// What a request wants for one field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change<T> {
    /// The field was not sent: it stays as it is.
    #[default]
    Keep,
    /// `null`: the default again.
    Reset,
    /// A new value.
    Set(T),
}

impl<T: Clone> Change<T> {
    fn on(&self, current: &T, default: T) -> T {
        match self {
            Self::Keep => current.clone(),
            Self::Reset => default,
            Self::Set(value) => value.clone(),
        }
    }

    fn on_optional(&self, current: &Option<T>) -> Option<T> {
        match self {
            Self::Keep => current.clone(),
            Self::Reset => None,
            Self::Set(value) => Some(value.clone()),
        }
    }

    fn as_set(&self) -> Option<&T> {
        if let Self::Set(value) = self { Some(value) } else { None }
    }
}

/// The fields of one request. Each is valid on its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are those of the contract and of `Details`")]
pub struct EventPatch {
    pub title: Change<Title>,
    pub description: Change<Description>,
    pub date: Change<NaiveDate>,
    pub time: Change<NaiveTime>,
    pub timezone: Change<Zone>,
    pub duration_minutes: Change<u32>,
    pub capacity: Change<u32>,
    pub waitlist: Change<bool>,
    pub status: Change<Status>,
    pub visibility: Change<Visibility>,
    pub registration_opens_at: Change<Timestamp>,
    pub registration_closes_at: Change<Timestamp>,
    pub join_url: Change<JoinUrl>,
    pub tags: Change<Tags>,
}

impl Details {
    /// Makes the details of a new event. `invalid` holds the errors of single fields that were found
    /// before. Missing fields and contradictions are added, so the client hears of everything at once.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with every bad field.
    pub fn create(patch: &EventPatch, mut invalid: Invalid) -> Result<Self, Refusal> {
        let already_bad: Vec<_> = invalid.errors().iter().map(|error| error.field.clone()).collect();
        for (field, present) in [
            ("date", patch.date.as_set().is_some()),
            ("time", patch.time.as_set().is_some()),
            ("description", patch.description.as_set().is_some()),
        ] {
            if !present && !already_bad.iter().any(|bad| bad == field) {
                invalid.push(FieldError::new(field, "required", "This field is required."));
            }
        }
        let schedule = patch.date.as_set().zip(patch.time.as_set()).and_then(|(date, time)| {
            let timezone = patch.timezone.on(&Zone::UTC, Zone::UTC);
            let minutes = Schedule::DEFAULT_DURATION_MINUTES;
            invalid.take(Schedule::new(*date, *time, timezone, patch.duration_minutes.on(&minutes, minutes)))
        });
        let registration = invalid.take(patch.window_on(Window::default()));
        invalid.into_result()?;
        let (Some(schedule), Some(description), Some(registration)) =
            (schedule, patch.description.as_set().cloned(), registration)
        else {
            return Err(FieldError::new("description", "required", "This field is required.").into());
        };
        let blank = Self {
            title: None,
            description,
            schedule,
            capacity: None,
            waitlist: true,
            status: Status::default(),
            visibility: Visibility::default(),
            registration,
            join_url: None,
            tags: Tags::default(),
        };
        Ok(blank.with_plain_fields(patch))
    }

    /// These details with the fields of `patch` changed. Fields that depend on each other (time and
    /// zone, the bounds of registration) are checked here.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with every bad field.
    pub fn changed(&self, patch: &EventPatch) -> Result<Self, Refusal> {
        let mut invalid = Invalid::default();
        for (field, reset) in [
            ("date", patch.date == Change::Reset),
            ("time", patch.time == Change::Reset),
            ("description", patch.description == Change::Reset),
        ] {
            if reset {
                invalid.push(FieldError::new(field, "required", "This field cannot be cleared."));
            }
        }
        let minutes = Schedule::DEFAULT_DURATION_MINUTES;
        let minutes = patch.duration_minutes.on(&self.schedule.duration_minutes(), minutes);
        let moves =
            patch.date != Change::Keep || patch.time != Change::Keep || patch.timezone != Change::Keep;
        let schedule = if moves {
            invalid.take(Schedule::new(
                patch.date.on(&self.schedule.date(), self.schedule.date()),
                patch.time.on(&self.schedule.time(), self.schedule.time()),
                patch.timezone.on(&self.schedule.timezone(), Zone::UTC),
                minutes,
            ))
        } else {
            // Its time existed when it was set. A later time zone database may skip it.
            Some(self.schedule.clone().lasting(minutes))
        };
        let registration = invalid.take(patch.window_on(self.registration));
        invalid.into_result()?;
        Ok(Self {
            schedule: schedule.unwrap_or_else(|| self.schedule.clone()),
            registration: registration.unwrap_or(self.registration),
            ..self.clone()
        }
        .with_plain_fields(patch))
    }

    fn with_plain_fields(self, patch: &EventPatch) -> Self {
        Self {
            title: patch.title.on_optional(&self.title),
            description: patch.description.on(&self.description, self.description.clone()),
            capacity: patch.capacity.on_optional(&self.capacity),
            waitlist: patch.waitlist.on(&self.waitlist, true),
            status: patch.status.on(&self.status, Status::default()),
            visibility: patch.visibility.on(&self.visibility, Visibility::default()),
            join_url: patch.join_url.on_optional(&self.join_url),
            tags: patch.tags.on(&self.tags, Tags::default()),
            ..self
        }
    }
}

impl EventPatch {
    fn window_on(&self, current: Window) -> Result<Window, FieldError> {
        Window::new(
            self.registration_opens_at.on_optional(&current.opens_at),
            self.registration_closes_at.on_optional(&current.closes_at),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::{parse_date, parse_time};

    fn minimal() -> EventPatch {
        EventPatch {
            date: Change::Set(parse_date("2024-05-25").unwrap()),
            time: Change::Set(parse_time("14:00").unwrap()),
            description: Change::Set(Description::parse("Virtual Tech Conference").unwrap()),
            ..EventPatch::default()
        }
    }

    fn created() -> Details {
        Details::create(&minimal(), Invalid::default()).unwrap()
    }

    #[test]
    fn three_fields_alone_make_an_event() {
        let details = created();
        assert_eq!(details.title(), "Virtual Tech Conference");
        assert_eq!(details.schedule().ends_at().to_rfc3339(), "2024-05-25T15:00:00Z");
        assert_eq!((details.capacity(), details.waitlist()), (None, true));
        assert!(details.is_listed());
    }

    #[test]
    fn all_that_is_missing_or_contradictory_is_said_at_once() {
        let patch = EventPatch {
            registration_opens_at: Change::Set(Timestamp::from_ms(2)),
            registration_closes_at: Change::Set(Timestamp::from_ms(1)),
            ..EventPatch::default()
        };
        let Err(Refusal::Invalid(invalid)) = Details::create(&patch, Invalid::default()) else {
            panic!("this should be refused");
        };
        let fields: Vec<_> = invalid.errors().iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["date", "time", "description", "registration_closes_at"]);
    }

    #[test]
    fn a_default_title_follows_the_description_until_one_is_set() {
        let description = Change::Set(Description::parse("Another").unwrap());
        let details = created().changed(&EventPatch { description, ..EventPatch::default() }).unwrap();
        assert_eq!(details.title(), "Another");
        let titled = details
            .changed(&EventPatch {
                title: Change::Set(Title::parse("Fixed").unwrap()),
                ..EventPatch::default()
            })
            .unwrap();
        assert_eq!(titled.title(), "Fixed");
        let reset = titled.changed(&EventPatch { title: Change::Reset, ..EventPatch::default() }).unwrap();
        assert_eq!(reset.title(), "Another");
    }

    #[test]
    fn required_fields_cannot_be_cleared() {
        let patch = EventPatch { date: Change::Reset, ..EventPatch::default() };
        assert!(matches!(created().changed(&patch), Err(Refusal::Invalid(_))));
    }

    #[test]
    fn a_zone_alone_can_make_the_time_nonexistent() {
        let night = EventPatch {
            date: Change::Set(parse_date("2025-03-30").unwrap()),
            time: Change::Set(parse_time("02:30").unwrap()),
            ..minimal()
        };
        let details = Details::create(&night, Invalid::default()).unwrap();
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let patch = EventPatch { timezone: Change::Set(berlin), ..EventPatch::default() };
        assert!(matches!(details.changed(&patch), Err(Refusal::Invalid(_))));
    }
}
