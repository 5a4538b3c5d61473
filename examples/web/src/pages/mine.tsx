// The visitor's own registrations.

import { granted } from "../../../../clients/typescript/index.ts";
import { List } from "../list.tsx";
import { Headline } from "../parts.tsx";
import { platform } from "../session.ts";
import { titleOf, when } from "../words.ts";
import { says } from "./event.tsx";

async function ask(cursor?: string) {
  const query = { limit: 50, ...(cursor && { cursor }) };
  const { registrations, next_cursor } = await granted(platform.GET("/api/me/registrations", { params: { query } }));
  return { items: registrations, next: next_cursor };
}

const NONE = (
  <p>
    None so far. <a href="#/">Find an event</a>
  </p>
);

export function Mine() {
  return (
    <>
      <Headline>My seats</Headline>
      <List ask={ask} empty={NONE}>
        {({ event, ...registration }) => (
          <li class="card" key={registration.id}>
            <h2 dir="auto">
              <a href={`#/events/${event.id}`}>{titleOf(event)}</a>
            </h2>
            <p>{when(event)}</p>
            <p class="quiet">{says(registration)}</p>
          </li>
        )}
      </List>
    </>
  );
}
