// The list of events: browse, search, and go on.

import { useEffect, useState } from "preact/hooks";
import { granted, type Event } from "../../../../clients/typescript/index.ts";
import { Alert, Headline, Notice, useWork, words } from "../parts.tsx";
import { platform } from "../session.ts";
import { seats, titleOf, when } from "../words.ts";

/** Milliseconds after the last key before the platform is asked. */
const PAUSE = 250;

export function Events() {
  const [q, setQ] = useState("");
  const [past, setPast] = useState(false);
  const [events, setEvents] = useState<Event[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const { busy, failure, work } = useWork();
  const [trouble, setTrouble] = useState<unknown>();

  const ask = (after?: string) =>
    granted(
      platform.GET("/api/events", {
        params: {
          query: {
            limit: 20,
            // Half a smiley, as some keyboards leave behind, cannot be part of an address.
            ...(q.trim() && { q: q.replace(/\p{Surrogate}/gu, "") }),
            ...(!past && { from: new Date().toISOString().slice(0, 10) }),
            ...(after && { cursor: after }),
          },
        },
      }),
    );

  useEffect(() => {
    let wanted = true;
    const show = async () => {
      try {
        const page = await ask();
        if (!wanted) return;
        setTrouble(undefined);
        setEvents(page.events);
        setCursor(page.next_cursor);
      } catch (refusal) {
        if (wanted) setTrouble(refusal);
      }
    };
    const soon = setTimeout(show, events ? PAUSE : 0);
    return () => {
      wanted = false;
      clearTimeout(soon);
    };
  }, [q, past]);

  const more = () =>
    work(async () => {
      const page = await ask(cursor ?? undefined);
      setEvents([...(events ?? []), ...page.events]);
      setCursor(page.next_cursor);
    });

  const problem = trouble ?? failure;
  return (
    <>
      <Headline>Events</Headline>
      <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
        <label for="q">Search</label>
        <input id="q" type="search" dir="auto" value={q} onInput={(event) => setQ(event.currentTarget.value)} placeholder="rust conference" />
        <label class="check">
          <input type="checkbox" checked={past} onChange={(event) => setPast(event.currentTarget.checked)} /> Past events, too
        </label>
      </form>
      {problem !== undefined && <Alert>{words(problem)}</Alert>}
      <Notice>{events?.length === 0 ? "No events found." : events && `${events.length}${cursor ? " and more" : ""} found`}</Notice>
      <ul class="cards">
        {events?.map((event) => <Card key={event.id} event={event} />)}
      </ul>
      {cursor && (
        <button onClick={more} aria-disabled={busy}>
          Show more
        </button>
      )}
    </>
  );
}

function Card({ event }: { event: Event }) {
  return (
    <li class="card">
      <h2 dir="auto">
        <a href={`#/events/${event.id}`}>{titleOf(event)}</a>
      </h2>
      <p>{when(event)}</p>
      <p class="quiet">
        {seats(event)}
        {event.organizer.name && <> · by <bdi>{event.organizer.name}</bdi></>}
      </p>
      <Tags of={event} />
    </li>
  );
}

export function Tags({ of: { tags } }: { of: Event }) {
  if (tags.length === 0) return null;
  return (
    <ul class="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag} dir="auto">{tag}</li>
      ))}
    </ul>
  );
}
