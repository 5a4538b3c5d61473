// What the peers agree on with the platform: its rules and the shape of its answers, without a
// server around them. Pure JavaScript, for Node and Workers alike.

const MINUTE = 60_000;
const instant = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** UUIDv7 (RFC 9562 §5.7). */
export function uuid(now = Date.now()) {
  const random = crypto.randomUUID();
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

export const newUser = ({ email, role = "attendee", name = null }) => ({
  id: uuid(), email: email.trim().toLowerCase(), name, role, email_verified: false, created_at: instant(Date.now()),
});

export function newEvent(fields, organizer, now = Date.now()) {
  const { date, time, description, duration_minutes = 60 } = fields;
  const starts = Date.parse(`${date}T${time}:00Z`);
  if (Number.isNaN(starts) || typeof description !== "string" || description === "") return undefined;
  return {
    id: uuid(now), title: fields.title ?? description.split("\n", 1)[0].slice(0, 200), description, date, time,
    timezone: "UTC", duration_minutes, starts_at: instant(starts),
    ends_at: instant(starts + duration_minutes * MINUTE), capacity: fields.capacity ?? null,
    waitlist: fields.waitlist ?? true, status: "published", visibility: "public",
    registration_opens_at: null, registration_closes_at: null, join_url: null, tags: fields.tags ?? [],
    organizer: { id: organizer.sub, name: organizer.name ?? null },
    seats: { confirmed: 0, waitlisted: 0, remaining: fields.capacity ?? null },
    version: 1, created_at: instant(now), updated_at: instant(now),
  };
}

/** Gives a seat, or a place on the waitlist; undefined when there is neither. Changes `seats`. */
export function takeSeat(event, user, now = Date.now()) {
  const { seats } = event;
  const confirmed = seats.remaining !== 0;
  if (!confirmed && !event.waitlist) return undefined;
  if (confirmed) {
    seats.confirmed += 1;
    if (seats.remaining !== null) seats.remaining -= 1;
  } else {
    seats.waitlisted += 1;
  }
  return {
    id: uuid(now), event_id: event.id,
    user: { id: user.sub, name: user.name ?? null, email: user.email },
    status: confirmed ? "confirmed" : "waitlisted", position: confirmed ? null : seats.waitlisted,
    registered_at: instant(now), confirmed_at: confirmed ? instant(now) : null, checked_in_at: null, join_url: null,
  };
}

export const claims = (user) => ({
  sub: user.id, email: user.email, name: user.name, role: user.role,
  iss: "event-platform", exp: Math.floor(Date.now() / 1000) + 3600,
});

export const session = (user, token) => ({
  token, token_type: "Bearer", expires_in: 3600, refresh_token: uuid(), user,
});

const TITLES = { 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 422: "Unprocessable Entity" };

export const problem = (status, code, detail) => ({
  type: "about:blank", title: TITLES[status], status, detail, code, request_id: crypto.randomUUID(),
});

/** The headers of every answer. */
export const common = () => ({
  "x-request-id": crypto.randomUUID(), "x-content-type-options": "nosniff", vary: "origin",
});

/** A body that is sent many times, with its entity-tag: written and hashed once. */
export async function kept(value) {
  const body = JSON.stringify(value);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  return { body, etag: `"${[...hash.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"` };
}
