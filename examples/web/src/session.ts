// Who is logged in in this browser, and the client that speaks for them. All tabs share the session.

import { useSyncExternalStore } from "preact/compat";
import {
  eventPlatform, Sessions, type KeptSession, type Session, type SessionStore, type User,
} from "../../../clients/typescript/index.ts";

const KEY = "session";
const listeners = new Set<() => void>();
/** Stands in where a browser stores nothing; then the session goes with the tab. */
let unstored: string | null = null;
let last: { text: string | null; session: KeptSession | undefined } = { text: null, session: undefined };

function text(): string | null {
  try {
    return unstored ?? localStorage.getItem(KEY);
  } catch {
    return unstored;
  }
}

/** The same object as long as the stored text is the same. */
function present(): KeptSession | undefined {
  const stored = text();
  if (stored !== last.text) last = { text: stored, session: parsed(stored) };
  return last.session;
}

function parsed(stored: string | null): KeptSession | undefined {
  try {
    const session = JSON.parse(stored ?? "null");
    return session?.token && session.refresh_token && session.user ? session : undefined;
  } catch {
    return undefined;
  }
}

const store: SessionStore = {
  get: present,
  set(session) {
    unstored = session ? JSON.stringify(session) : null;
    try {
      if (unstored === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, unstored);
      unstored = null;
    } catch {
      // It stays in memory.
    }
    tell();
  },
};

function tell() {
  for (const hear of listeners) hear();
}

// Another tab has logged in or out, or renewed the session.
addEventListener("storage", ({ key }) => {
  if (key === KEY || key === null) tell();
});

const sessions = new Sessions(store);

export const platform = eventPlatform({ sessions });

export const begin = (session: Session) => sessions.begin(session);
export const end = () => sessions.end();

/** The user who is logged in; the page is drawn again when that changes. */
export function useUser(): User | undefined {
  const listen = (hear: () => void) => {
    listeners.add(hear);
    return () => listeners.delete(hear);
  };
  return useSyncExternalStore(listen, present)?.user;
}
