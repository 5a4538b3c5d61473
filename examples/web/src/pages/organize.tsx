// The organizer's events.

import { granted } from "../../../../clients/typescript/index.ts";
import { Headline, Loaded, useLoad } from "../parts.tsx";
import { platform } from "../session.ts";
import { seats, when } from "../words.ts";

export function Organize() {
  const load = useLoad("organize", () =>
    granted(platform.GET("/api/me/events", { params: { query: { sort: "-created_at", limit: 200 } } })),
  );
  return (
    <>
      <Headline>My events</Headline>
      <p>
        <a class="button primary" href="#/organize/new">New event</a>
      </p>
      <Loaded from={load}>
        {({ events }) => (
          <ul class="cards">
            {events.map((event) => (
              <li class="card" key={event.id}>
                <h2>
                  <a href={`#/events/${event.id}`}>{event.title}</a>
                </h2>
                <p>{when(event)}</p>
                <p class="quiet">
                  {event.status} · {seats(event)}
                </p>
                <p class="row">
                  <a class="button" href={`#/organize/${event.id}/edit`} aria-label={`Edit ${event.title}`}>Edit</a>
                  <a class="button" href={`#/organize/${event.id}/people`} aria-label={`Participants of ${event.title}`}>Participants</a>
                </p>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
}
