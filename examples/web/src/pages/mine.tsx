// The visitor's own registrations.

import { granted } from "../../../../clients/typescript/index.ts";
import { Headline, Loaded, useLoad } from "../parts.tsx";
import { platform } from "../session.ts";
import { when } from "../words.ts";
import { says } from "./event.tsx";

export function Mine() {
  const load = useLoad("mine", () =>
    granted(platform.GET("/api/me/registrations", { params: { query: { limit: 200 } } })),
  );
  return (
    <>
      <Headline>My seats</Headline>
      <Loaded from={load}>
        {({ registrations }) =>
          registrations.length === 0 ? (
            <p>
              None so far. <a href="#/">Find an event</a>
            </p>
          ) : (
            <ul class="cards">
              {registrations.map(({ event, ...registration }) => (
                <li class="card" key={registration.id}>
                  <h2>
                    <a href={`#/events/${event.id}`}>{event.title}</a>
                  </h2>
                  <p>{when(event)}</p>
                  <p class="quiet">{says(registration)}</p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
