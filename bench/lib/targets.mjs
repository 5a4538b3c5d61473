// What is measured: the platform, and the least that a Rust Worker can be.

import { fileURLToPath } from "node:url";
import { JWT_SECRET, OBJECTS, builtWorker } from "../../tests/worker/support/build.mjs";
import { startServer } from "./workerd.mjs";

const HELLO = fileURLToPath(new URL("../peers/hello/build", import.meta.url));
const PLATFORM = fileURLToPath(new URL("../../build", import.meta.url));

// Defaults, except that preparing thousands of accounts must not take minutes of hashing.
const SETTINGS = { JWT_SECRET, BCRYPT_COST: "4", MAIL_PROVIDER: "log" };

const { compatibilityDate } = builtWorker();

export const startHello = () => startServer({ directory: HELLO, compatibilityDate });

export const startPlatform = ({ settings, ...options } = {}) =>
  startServer({
    directory: PLATFORM,
    compatibilityDate,
    objects: OBJECTS,
    settings: { ...SETTINGS, ...settings },
    ...options,
  });
