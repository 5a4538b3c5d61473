// The worker under test with a clock that is ahead by CLOCK_AHEAD_MS.

import { env } from "cloudflare:workers";

const now = Date.now;
Date.now = () => now() + Number(env.CLOCK_AHEAD_MS ?? 0);

export * from "./index.js";
export { default } from "./index.js";
