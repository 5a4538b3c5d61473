// The seven calls that the platform exists for, through the typed client:
// `node clients/typescript/walk.ts http://localhost:8787`. The tests compile and run it.

import { eventPlatform, granted } from "./index.ts";

declare const process: { argv: string[] };

const baseUrl = process.argv[2] ?? "http://localhost:8787";
let token: string | undefined;
const platform = eventPlatform({ baseUrl, token: () => token });

const email = `walker-${crypto.randomUUID()}@example.com`;
const password = "SecurePassword123";

const { user } = await granted(
  platform.POST("/api/register", { body: { email, password, role: "organizer" } }),
);
console.log(`signed up ${user.role} ${user.id}`);

const session = await granted(platform.POST("/api/login", { body: { email, password } }));
token = session.token;
console.log(`logged in for ${session.expires_in} seconds`);

const { event } = await granted(
  platform.POST("/api/events", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { date: "2030-05-25", time: "14:00", description: "Virtual Tech Conference", capacity: 1 },
  }),
);
console.log(`created "${event.title}", ${event.seats.remaining ?? "any number of"} seat(s)`);

const found = await granted(
  platform.GET("/api/events", { params: { query: { q: "conference", organizer: user.id, limit: 10 } } }),
);
console.log(`found ${found.events.length} event(s)`);

const path = { id: event.id };
const changed = await granted(
  platform.PUT("/api/events/{id}", { params: { path }, body: { title: "Updated Tech Conference" } }),
);
console.log(`changed it to "${changed.event.title}", version ${changed.event.version}`);

const { registration } = await granted(platform.POST("/api/events/{id}/register", { params: { path } }));
console.log(`registered: ${registration.status}`);

const { error } = await platform.PUT("/api/events/{id}", {
  params: { path, header: { "If-Match": '"0.old"' } },
  body: { title: "Never" },
});
console.log(`an edit of an old version: ${error?.code}`);

await granted(platform.DELETE("/api/events/{id}", { params: { path } }));
const { response } = await platform.GET("/api/events/{id}", { params: { path } });
console.log(`deleted, and from then on ${response.status}`);
