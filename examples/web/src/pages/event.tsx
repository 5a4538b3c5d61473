// One event: what it is, and the visitor's seat at it.

import { granted, type Registration, type User } from "../../../../clients/typescript/index.ts";
import { useRef, useState } from "preact/hooks";
import { Alert, Headline, Loaded, Notice, useLoad, useWork, words } from "../parts.tsx";
import { platform } from "../session.ts";
import { seats, titleOf, when } from "../words.ts";
import { Tags } from "./events.tsx";

export function EventPage({ id, user }: { id: string; user: User | undefined }) {
  const path = { id };
  const load = useLoad(`${id} ${user?.id}`, async () => {
    const [{ event }, own] = await Promise.all([
      granted(platform.GET("/api/events/{id}", { params: { path } })),
      user ? platform.GET("/api/events/{id}/register", { params: { path } }) : undefined,
    ]);
    return { event, own: own?.data?.registration };
  });
  return (
    <Loaded from={load}>
      {({ event, own }) => (
        <article>
          <Headline>{titleOf(event)}</Headline>
          {event.status !== "published" && <p class="badge">{event.status}</p>}
          <dl class="facts">
            <dt>When</dt>
            <dd>{when(event)}</dd>
            <dt>How long</dt>
            <dd>{event.duration_minutes} minutes</dd>
            <dt>Seats</dt>
            <dd>{seats(event)}</dd>
            {event.organizer.name && (
              <>
                <dt>By</dt>
                <dd><bdi>{event.organizer.name}</bdi></dd>
              </>
            )}
          </dl>
          <p class="prose" dir="auto">{event.description}</p>
          <Tags of={event} />
          {user ? (
            <Seat id={id} standing={own} refresh={load.reload} cancelled={event.status === "cancelled"} />
          ) : (
            <p>
              <a class="button primary" href={`#/login/events/${id}`}>
                Log in to register
              </a>
            </p>
          )}
          {user?.id === event.organizer.id && (
            <p class="row">
              <a class="button" href={`#/organize/${id}/edit`}>Edit</a>
              <a class="button" href={`#/organize/${id}/people`}>Participants</a>
            </p>
          )}
        </article>
      )}
    </Loaded>
  );
}

interface SeatProps {
  id: string;
  standing: Registration | undefined;
  cancelled: boolean;
  refresh: () => Promise<void>;
}

/** The answers to registering and leaving are exact; the event's own count may lag by seconds. */
function Seat({ id, standing, cancelled, refresh }: SeatProps) {
  const [registration, setRegistration] = useState(standing);
  const [link, setLink] = useState<string>();
  const { busy, failure, work } = useWork();
  // The button that was pressed gives way to another: the focus stays here.
  const panel = useRef<HTMLElement>(null);
  const stay = () => panel.current?.focus();
  const params = { path: { id } };
  const register = () =>
    work(async () => {
      setRegistration((await granted(platform.POST("/api/events/{id}/register", { params }))).registration);
      stay();
      void refresh();
    });
  const leave = () =>
    work(async () => {
      await granted(platform.DELETE("/api/events/{id}/register", { params }));
      setRegistration(undefined);
      setLink(undefined);
      stay();
      void refresh();
    });
  const join = () =>
    work(async () => setLink((await granted(platform.POST("/api/events/{id}/join", { params }))).join_url));
  return (
    <section class="panel" aria-label="Your seat" tabIndex={-1} ref={panel}>
      <Notice>{says(registration)}</Notice>
      {failure !== undefined && <Alert>{words(failure)}</Alert>}
      {link && (
        <p>
          <a href={link} rel="noreferrer" target="_blank">Go to the event</a>
        </p>
      )}
      <p class="row">
        {registration ? (
          <>
            {registration.join_url && !link && <button class="primary" onClick={join} aria-disabled={busy}>Join</button>}
            <button onClick={leave} aria-disabled={busy}>
              {registration.status === "waitlisted" ? "Leave the waitlist" : "Give my seat back"}
            </button>
          </>
        ) : (
          !cancelled && <button class="primary" onClick={register} aria-disabled={busy}>Register</button>
        )}
      </p>
    </section>
  );
}

export function says(registration: Registration | undefined): string {
  if (!registration) return "You are not registered.";
  if (registration.status === "waitlisted") return `You are number ${registration.position} on the waitlist.`;
  return registration.checked_in_at ? "You have a seat and are checked in." : "You have a seat.";
}
