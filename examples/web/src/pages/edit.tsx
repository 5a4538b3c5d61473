// A new event, and changes to one. An edit carries the entity-tag that was read, so that of two
// people who edit at once neither overwrites the other unseen.

import { useMemo } from "preact/hooks";
import {
  granted, type Event, type EventChange, type FieldError, type NewEvent,
} from "../../../../clients/typescript/index.ts";
import { Area, Choice, Field, Form, type Values } from "../form.tsx";
import { defaultTitle, lengthOf, linkOf, ownZone, uuid, ZONES, zoneOf } from "../input.ts";
import { Alert, Headline, Loaded, useLoad, useWork, words } from "../parts.tsx";
import { platform } from "../session.ts";

const STATUSES = { published: "Published", draft: "Draft", cancelled: "Cancelled" };

export function NewEventPage() {
  // The same for every try of this form: a repeat makes no second event.
  const key = useMemo(uuid, []);
  const create = async (values: Values) => {
    const { event } = await granted(
      platform.POST("/api/events", { params: { header: { "Idempotency-Key": key } }, body: fields(values) }),
    );
    location.hash = `#/events/${event.id}`;
  };
  return (
    <section class="narrow">
      <Headline>New event</Headline>
      <EventForm submit="Create" onSubmit={create} />
    </section>
  );
}

export function EditEvent({ id }: { id: string }) {
  const params = { path: { id } };
  const { busy, failure, work } = useWork();
  const load = useLoad(id, async () => {
    const call = platform.GET("/api/events/{id}", { params });
    const { event } = await granted(call);
    return { event, etag: (await call).response.headers.get("ETag") ?? "*" };
  });
  const remove = () =>
    work(async () => {
      if (!confirm("Delete this event? Everybody who is registered will be told.")) return;
      await granted(platform.DELETE("/api/events/{id}", { params }));
      location.hash = "#/organize";
    });
  return (
    <section class="narrow">
      <Headline>Edit event</Headline>
      <Loaded from={load}>
        {({ event, etag }) => (
          <>
            <EventForm
              submit="Save"
              event={event}
              onSubmit={async (values, changed) => {
                const header = { "If-Match": etag };
                const body = changes(values, changed);
                if (changed.size > 0) {
                  await granted(platform.PUT("/api/events/{id}", { params: { ...params, header }, body }));
                }
                location.hash = `#/events/${id}`;
              }}
            />
            {failure !== undefined && <Alert>{words(failure)}</Alert>}
            <p>
              <button class="danger" onClick={remove} aria-disabled={busy}>Delete this event</button>
            </p>
          </>
        )}
      </Loaded>
    </section>
  );
}

interface EventFormProps {
  submit: string;
  onSubmit: (values: Values, changed: Set<string>) => Promise<void>;
  event?: Event;
}

function EventForm({ submit, onSubmit, event }: EventFormProps) {
  // A title that comes from the description is shown as what it is: none.
  const title = event && event.title !== defaultTitle(event.description) ? event.title : "";
  return (
    <Form submit={submit} onSubmit={onSubmit} check={tooLongTags}>
      {(wrong) => (
        <>
          <Field name="title" label="Title" dir="auto" most={200} defaultValue={title} hint="The description's first line, if left empty." wrong={wrong("title")} />
          <Area name="description" label="Description" required dir="auto" most={10_000} defaultValue={event?.description ?? ""} wrong={wrong("description")} />
          <div class="pair">
            <Field name="date" label="Date" type="date" min="1900-01-01" max="9998-12-31" required defaultValue={event?.date ?? ""} wrong={wrong("date")} />
            <Field name="time" label="Time" type="time" required defaultValue={event?.time ?? ""} wrong={wrong("time")} />
          </div>
          <datalist id="zones">
            {ZONES.map((zone) => <option key={zone} value={zone} />)}
          </datalist>
          <div class="pair">
            <Field name="timezone" label="Time zone" list="zones" defaultValue={event?.timezone ?? ownZone()} wrong={wrong("timezone")} />
            <Field name="duration_minutes" label="Minutes" type="number" min={1} max={44_640} defaultValue={event?.duration_minutes ?? 60} wrong={wrong("duration_minutes")} />
          </div>
          <div class="pair">
            <Field name="capacity" label="Seats" type="number" min={1} max={1_000_000} defaultValue={event?.capacity ?? ""} hint="No limit, if left empty." wrong={wrong("capacity")} />
            <Choice name="waitlist" label="When full" value={String(event?.waitlist ?? true)} options={{ true: "Waitlist", false: "No waitlist" }} />
          </div>
          <Field name="join_url" label="Link to join" type="url" placeholder="https://" defaultValue={event?.join_url ?? ""} hint="Shown to confirmed participants alone." wrong={wrong("join_url")} />
          <Area name="tags" label="Tags" rows={3} dir="auto" defaultValue={event?.tags.join("\n") ?? ""} hint="One on each line, up to 10." wrong={wrong("tags")} />
          <Choice name="status" label="Status" value={event?.status ?? "published"} options={STATUSES} />
        </>
      )}
    </Form>
  );
}

/** Tags may have commas in them, but not line breaks. */
const tags = (values: Values) => (values["tags"] ?? "").split(/\r?\n/).map((tag) => tag.trim()).filter(Boolean);

const TAG_MOST = 32;

/** The platform would say that a tag is too long, but not which. */
function tooLongTags(values: Values): FieldError[] {
  const tag = tags(values).find((tag) => lengthOf(tag) > TAG_MOST);
  if (tag === undefined) return [];
  const message = `A tag has at most ${TAG_MOST} characters, and this one has ${lengthOf(tag)}: \u2068${tag}\u2069`;
  return [{ field: "tags", code: "invalid_tag", message }];
}

/** What was changed, and nothing else: what the person left alone may have a default that follows other fields. */
function changes(values: Values, changed: Set<string>): EventChange {
  const all: EventChange = fields(values);
  // The form says that an empty title follows the description, whatever the title was before.
  const follows = changed.has("description") && all.title === null;
  const sent = ([name]: [string, unknown]) => changed.has(name) || (follows && name === "title");
  return Object.fromEntries(Object.entries(all).filter(sent));
}

/** What the form says, as the platform wants it: an empty field asks for the default. */
function fields(values: Values): NewEvent {
  const text = (name: string) => values[name]?.trim() || null;
  const number = (name: string) => (values[name] ? Number(values[name]) : null);
  return {
    date: values["date"] ?? "",
    time: values["time"] ?? "",
    description: values["description"] ?? "",
    title: text("title"),
    timezone: zoneOf(values["timezone"] ?? "") || null,
    duration_minutes: number("duration_minutes"),
    capacity: number("capacity"),
    waitlist: values["waitlist"] === "true",
    join_url: linkOf(values["join_url"] ?? "") || null,
    tags: tags(values),
    status: values["status"] as NonNullable<NewEvent["status"]>,
  };
}
