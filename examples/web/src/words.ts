// Titles, times and seats as people read them.

import type { Event } from "../../../clients/typescript/index.ts";

/** When an event takes place, in its own time zone. */
export function when({ starts_at, timezone }: Event): string {
  const options = { dateStyle: "full", timeStyle: "short" } as const;
  const start = new Date(starts_at);
  try {
    return `${new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezone }).format(start)} (${timezone})`;
  } catch {
    // A zone that this browser does not know.
    return `${new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(start)} (UTC)`;
  }
}

export const moment = (instant: string) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));

export function seats({ capacity, seats: { confirmed, waitlisted, remaining } }: Event): string {
  const taken = capacity === null ? `${confirmed} registered` : `${remaining} of ${capacity} seats free`;
  return waitlisted > 0 ? `${taken}, ${waitlisted} waiting` : taken;
}

/** A title may be made of characters that nobody sees, and nobody could follow its link. */
export function titleOf({ title }: { title: string }): string {
  return /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(title) ? title : "(no title)";
}
