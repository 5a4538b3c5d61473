// A new event, and changes to one. An edit carries the entity-tag that was read, so that of two
// people who edit at once neither overwrites the other unseen.

import { granted, type Event, type NewEvent } from "../../../../clients/typescript/index.ts";
import { Area, Choice, Field, Form, Headline, Loaded, useLoad, useWork, Alert, words, type Values } from "../parts.tsx";
import { platform } from "../session.ts";

const STATUSES = { published: "Published", draft: "Draft", cancelled: "Cancelled" };

export function NewEventPage() {
  // The same for every try of this form: a repeat makes no second event.
  const key = crypto.randomUUID();
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
              onSubmit={async (values) => {
                const header = { "If-Match": etag };
                await granted(
                  platform.PUT("/api/events/{id}", { params: { ...params, header }, body: fields(values) }),
                );
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

function EventForm({ submit, onSubmit, event }: { submit: string; onSubmit: (values: Values) => Promise<void>; event?: Event }) {
  const zone = event?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Form submit={submit} onSubmit={onSubmit}>
      {(wrong) => (
        <>
          <Field name="title" label="Title" maxLength={200} defaultValue={event?.title ?? ""} hint="The description's first line, if left empty." wrong={wrong("title")} />
          <Area name="description" label="Description" required maxLength={10_000} value={event?.description ?? ""} wrong={wrong("description")} />
          <div class="pair">
            <Field name="date" label="Date" type="date" required defaultValue={event?.date ?? ""} wrong={wrong("date")} />
            <Field name="time" label="Time" type="time" required defaultValue={event?.time ?? ""} wrong={wrong("time")} />
          </div>
          <div class="pair">
            <Field name="timezone" label="Time zone" defaultValue={zone} wrong={wrong("timezone")} />
            <Field name="duration_minutes" label="Minutes" type="number" min={1} max={44_640} defaultValue={event?.duration_minutes ?? 60} wrong={wrong("duration_minutes")} />
          </div>
          <div class="pair">
            <Field name="capacity" label="Seats" type="number" min={1} max={1_000_000} defaultValue={event?.capacity ?? ""} hint="No limit, if left empty." wrong={wrong("capacity")} />
            <Choice name="waitlist" label="When full" value={String(event?.waitlist ?? true)} options={{ true: "Waitlist", false: "No waitlist" }} />
          </div>
          <Field name="join_url" label="Link to join" type="url" placeholder="https://" defaultValue={event?.join_url ?? ""} hint="Shown to confirmed participants alone." wrong={wrong("join_url")} />
          <Field name="tags" label="Tags" defaultValue={event?.tags.join(", ") ?? ""} hint="Separated by commas." wrong={wrong("tags")} />
          <Choice name="status" label="Status" value={event?.status ?? "published"} options={STATUSES} />
        </>
      )}
    </Form>
  );
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
    timezone: text("timezone"),
    duration_minutes: number("duration_minutes"),
    capacity: number("capacity"),
    waitlist: values["waitlist"] === "true",
    join_url: text("join_url"),
    tags: (values["tags"] ?? "").split(",").map((tag) => tag.trim()).filter(Boolean),
    status: values["status"] as NonNullable<NewEvent["status"]>,
  };
}
