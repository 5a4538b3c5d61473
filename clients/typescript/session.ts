// A session that outlives its access token, shared by all calls and by all tabs. A refresh token works
// once. So whoever wants to use it reads the store again first, and only one does at a time: within a
// process by a promise, between tabs by a Web Lock.

import type { components } from "./schema.d.ts";

type Session = components["schemas"]["Session"];

/** A session as the platform gave it, and when its access token runs out, in milliseconds since 1970. */
export interface KeptSession extends Session {
  expires_at: number;
}

/** Where the session is kept. Tabs that share a session share a store, `localStorage` for example. */
export interface SessionStore {
  get(): KeptSession | undefined | Promise<KeptSession | undefined>;
  /** `undefined` forgets it. */
  set(session: KeptSession | undefined): void | Promise<void>;
}

/** A store for a program that keeps nothing. */
export function inMemory(): SessionStore {
  let kept: KeptSession | undefined;
  return { get: () => kept, set: (session) => void (kept = session) };
}

/** A session, none, or the answer of a platform that cannot renew it at the moment. */
type Standing = KeptSession | undefined | Response;

/** A token is renewed so long before it runs out, but not in more than the last tenth of its time. */
const MARGIN_MS = 30_000;
/** Whoever holds the lock keeps others waiting, so the platform gets no longer than this to answer. */
const ANSWER_WITHIN_MS = 20_000;
/** What a tab writes to `localStorage` reaches the others a moment later: the lock is held until then. */
const SETTLING_MS = 100;
const LOCK = "event-platform session";

/** The renewals under way. Clients of one store wait for the same. */
const renewals = new WeakMap<SessionStore, Promise<Standing>>();

export class Sessions {
  readonly #store: SessionStore;
  readonly #baseUrl: string;

  constructor(store: SessionStore, { baseUrl = "" }: { baseUrl?: string } = {}) {
    this.#store = store;
    this.#baseUrl = baseUrl;
  }

  /** Keeps what a login answered. */
  async begin(session: Session): Promise<void> {
    await this.#store.set(kept(session));
  }

  /** Forgets the session at once, then ends it on the platform. A platform that cannot be reached is no error. */
  async end(): Promise<void> {
    const session = await this.#store.get();
    await this.#store.set(undefined);
    if (!session) return;
    try {
      const answer = await this.#logOut(session);
      if (answer.status !== 401) return;
      // The access token has run out, the session perhaps not.
      const renewed = await this.#exchange(session);
      if (renewed.ok) await this.#logOut(await renewed.json());
    } catch {
      // Nobody has the tokens any more; the session runs out by itself.
    }
  }

  /** The session for the next call, renewed if its token runs out. */
  async current(): Promise<Standing> {
    const session = await this.#store.get();
    return session && runsOut(session) ? this.renewed(session) : session;
  }

  /** The session after `old`, whoever renews it: this call, another one, or another tab. */
  async renewed(old: KeptSession): Promise<Standing> {
    let renewal = renewals.get(this.#store);
    if (!renewal) {
      renewal = alone(() => this.#renew(old)).finally(() => renewals.delete(this.#store));
      renewals.set(this.#store, renewal);
    }
    const standing = await renewal;
    return standing instanceof Response ? standing.clone() : standing;
  }

  async #renew(old: KeptSession): Promise<Standing> {
    const before = await this.#store.get();
    if (before?.refresh_token !== old.refresh_token) return before;
    const answer = await this.#exchange(old);
    const next = answer.ok ? kept(await answer.json()) : undefined;
    const after = await this.#store.get();
    if (next) {
      // Somebody may have logged out meanwhile, or in as somebody else.
      if (after?.user.id !== next.user.id) return after;
      await this.#store.set(next);
      return next;
    }
    if (answer.status !== 401 && answer.status !== 422) return answer;
    // Without Web Locks, another tab may have been faster.
    if (after?.refresh_token !== old.refresh_token) return after;
    await this.#store.set(undefined);
    return undefined;
  }

  #exchange({ refresh_token }: Session): Promise<Response> {
    return fetch(`${this.#baseUrl}/api/token/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  }

  #logOut({ token }: Session): Promise<Response> {
    return fetch(`${this.#baseUrl}/api/logout`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      // Also when the tab is closed at once.
      keepalive: true,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  }
}

function kept(session: Session): KeptSession {
  return { ...session, expires_at: Date.now() + session.expires_in * 1000 };
}

function runsOut({ expires_at, expires_in }: KeptSession): boolean {
  return Date.now() > expires_at - Math.min(MARGIN_MS, expires_in * 100);
}

/** Does the work while no other tab does; without Web Locks, at once. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks) return work();
  return new Promise((resolve, reject) => {
    let begun = false;
    const holding = locks.request(LOCK, async () => {
      begun = true;
      await work().then(resolve, reject);
      await new Promise((settled) => setTimeout(settled, SETTLING_MS));
    });
    // Where a person's settings forbid storage, there are no locks either.
    holding.catch(() => {
      if (!begun) work().then(resolve, reject);
    });
  });
}
