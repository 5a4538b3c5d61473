// The platform's API as TypeScript: paths, parameters, bodies and answers are checked by the
// compiler against `schema.d.ts`, which `make generate` writes from the OpenAPI document.

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";
// Not by its path: compilers refuse a path that ends in `.ts`, and Node one that does not.
import type { KeptSession, Sessions } from "#session";

export { inMemory, Sessions, type KeptSession, type SessionStore } from "#session";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type Event = Schemas["Event"];
export type NewEvent = Schemas["NewEvent"];
export type EventChange = Schemas["EventChange"];
export type Registration = Schemas["Registration"];
export type OwnRegistration = Schemas["OwnRegistration"];
export type Problem = Schemas["Problem"];
export type FieldError = Schemas["FieldError"];

/** What the client reads; the list of participants as CSV is for a plain `fetch`. */
type Media = "application/json" | "application/problem+json";

export type EventPlatform = Client<paths, Media>;

export interface Options {
  /** Where the platform is, without a slash at the end; the page's own origin if left out. */
  baseUrl?: string;
  /** The session that the calls belong to. It is renewed when its token runs out. */
  sessions?: Sessions;
  /** Instead of `sessions`, for those who renew by themselves: the token, asked for at each call. */
  token?: () => string | undefined;
}

/** A client. Each call gives `{ data }` or `{ error }`, and the `response` with its headers. */
export function eventPlatform({ baseUrl = "", sessions, token = () => undefined }: Options = {}): EventPlatform {
  if (sessions) return createClient<paths, Media>({ baseUrl, fetch: fetchWithin(sessions) });
  const client = createClient<paths, Media>({ baseUrl });
  client.use({
    onRequest({ request }) {
      const present = token();
      if (present !== undefined) request.headers.set("Authorization", `Bearer ${present}`);
      return request;
    },
  });
  return client;
}

/** Calls that no session has a part in. */
const OPEN = /\/api\/(login|register|token\/refresh|verify-email|password\/(forgot|reset))$/;

function fetchWithin(sessions: Sessions): (request: Request) => Promise<Response> {
  return async (request) => {
    if (OPEN.test(new URL(request.url).pathname)) return fetch(request);
    const session = await sessions.current();
    if (session instanceof Response) return session;
    if (!session) return fetch(request);
    // A request can be sent once, and a second attempt needs the body, too.
    const body = (await request.clone().text()) || null;
    const answer = await fetch(bearing(new Request(request.clone(), { body }), session));
    if (!(await isUnauthenticated(answer))) return answer;
    const next = await sessions.renewed(session);
    if (next instanceof Response) return next;
    // What one user asked for is never done in the name of another.
    if (!next || next.token === session.token || next.user.id !== session.user.id) return answer;
    return fetch(bearing(new Request(request, { body }), next));
  };
}

function bearing(request: Request, { token }: KeptSession): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** A wrong password is 401 as well, and says nothing about the session. */
async function isUnauthenticated(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false;
  const problem: unknown = await answer.clone().json().catch(() => undefined);
  return isProblem(problem) && problem.code === "unauthenticated";
}

/** A refusal, for those who would rather catch it. Decide by `problem.code`. */
export class Refused extends Error {
  override name = "Refused";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  /** What is wrong with a field, if that was what was wrong. */
  of(field: string): string | undefined {
    return this.problem.errors?.find((error) => error.field === field)?.message;
  }
}

/** The data of a call, or a `Refused`. */
export async function granted<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw new Refused(isProblem(error) ? error : unexplained(response));
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}

/** Something on the way, a proxy say, has answered in the platform's place. */
function unexplained({ status, statusText, headers }: Response): Problem {
  return {
    type: "about:blank",
    title: statusText,
    status,
    detail: "The answer did not come from the platform.",
    code: "unexplained",
    request_id: headers.get("X-Request-Id") ?? "",
  };
}
