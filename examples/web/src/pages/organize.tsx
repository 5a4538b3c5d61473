// The organizer's events.

import { granted } from "../../../../clients/typescript/index.ts";
import { List } from "../list.tsx";
import { Headline } from "../parts.tsx";
import { platform } from "../session.ts";
import { seats, titleOf, when } from "../words.ts";

async function ask(cursor?: string) {
  const query = { sort: "-created_at", limit: 50, ...(cursor && { cursor }) } as const;
  const { events, next_cursor } = await granted(platform.GET("/api/me/events", { params: { query } }));
  return { items: events, next: next_cursor };
}

export function Organize() {
  return (
    <>
      <Headline>My events</Headline>
      <p>
        <a class="button primary" href="#/organize/new">New event</a>
      </p>
      <List ask={ask} empty={<p>None so far.</p>}>
        {(event) => (
          <li class="card" key={event.id}>
            <h2 dir="auto">
              <a href={`#/events/${event.id}`}>{titleOf(event)}</a>
            </h2>
            <p>{when(event)}</p>
            <p class="quiet">
              {event.status} · {seats(event)}
            </p>
            <p class="row">
              <a class="button" href={`#/organize/${event.id}/edit`} aria-label={`Edit ${titleOf(event)}`}>Edit</a>
              <a class="button" href={`#/organize/${event.id}/people`} aria-label={`Participants of ${titleOf(event)}`}>Participants</a>
            </p>
          </li>
        )}
      </List>
    </>
  );
}
