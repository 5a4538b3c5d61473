// The worker under test with a dataset that prints what is written to it.

import { env } from "cloudflare:workers";

env.METRICS = { writeDataPoint: (point) => console.log(JSON.stringify({ point })) };

export * from "./index.js";
export { default } from "./index.js";
