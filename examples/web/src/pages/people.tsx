// Who is registered, and who is there.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { granted, type Registration } from "../../../../clients/typescript/index.ts";
import { Alert, Headline, Loaded, Notice, useLoad, useWork, words } from "../parts.tsx";
import { platform } from "../session.ts";
import { moment } from "../words.ts";

const PATH = "/api/events/{id}/registrations/{registration}/check-in";

export function People({ id }: { id: string }) {
  const load = useLoad(id, () => all(id));
  const [heard, setHeard] = useState<ComponentChildren>();
  const { busy, failure, work } = useWork();
  const mark = ({ id: registration, checked_in_at, user }: Registration) =>
    work(async () => {
      const params = { path: { id, registration } };
      await granted(checked_in_at ? platform.DELETE(PATH, { params }) : platform.POST(PATH, { params }));
      setHeard(<><bdi>{user.name ?? user.email}</bdi> is {checked_in_at ? "no longer " : ""}checked in.</>);
      await load.reload();
    });
  return (
    <>
      <Headline>Participants</Headline>
      <p>
        <a href={`#/events/${id}`}>Back to the event</a>
      </p>
      <Notice>{heard}</Notice>
      {failure !== undefined && <Alert>{words(failure)}</Alert>}
      <Loaded from={load}>
        {(registrations) =>
          registrations.length === 0 ? (
            <p>Nobody so far.</p>
          ) : (
            <ul class="cards">
              {registrations.map((registration) => (
                <li class="card people" key={registration.id}>
                  <h2 dir="auto">{registration.user.name ?? registration.user.email}</h2>
                  <p class="quiet">
                    {registration.user.email} · {standing(registration)}
                  </p>
                  {registration.status === "confirmed" && (
                    <button onClick={() => mark(registration)} aria-disabled={busy}>
                      {registration.checked_in_at ? "Undo check-in" : "Check in"}{" "}
                      <span class="unseen">{registration.user.name ?? registration.user.email}</span>
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function standing({ status, position, registered_at, checked_in_at }: Registration): string {
  if (checked_in_at) return `checked in at ${moment(checked_in_at)}`;
  const place = status === "waitlisted" ? `number ${position} on the waitlist` : status;
  return `${place}, since ${moment(registered_at)}`;
}

async function all(id: string): Promise<Registration[]> {
  const registrations: Registration[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 200, ...(cursor && { cursor }) };
    const params = { path: { id }, query };
    const page = await granted(platform.GET("/api/events/{id}/registrations", { params }));
    registrations.push(...page.registrations);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return registrations;
}
