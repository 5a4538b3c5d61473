// Who is logged in in this tab, and the client that speaks for them.

import { useSyncExternalStore } from "preact/compat";
import { eventPlatform, type Session, type User } from "../../../clients/typescript/index.ts";

interface Known {
  token: string;
  user: User;
}

const KEY = "session";
const listeners = new Set<() => void>();
let known: Known | undefined = read();

function read(): Known | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(next: Known | undefined) {
  known = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  for (const tell of listeners) tell();
}

export const platform = eventPlatform({ token: () => known?.token });

// A token that is no longer good is as good as none.
platform.use({
  onResponse({ request, response }) {
    if (response.status === 401 && request.headers.has("Authorization")) remember(undefined);
  },
});

export const begin = ({ token, user }: Session) => remember({ token, user });
export const end = () => remember(undefined);

/** The user who is logged in; the page is drawn again when that changes. */
export function useUser(): User | undefined {
  const listen = (tell: () => void) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  };
  return useSyncExternalStore(listen, () => known)?.user;
}
