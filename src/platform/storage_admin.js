// What operators can have the runtime do with an object's storage (`StorageOrder` and `StorageReply` in
// `api/shared/ports.rs`): alarms, point-in-time recovery, copies.

import { copy, restoreCopy } from "./backup.js";

/** Milliseconds for the answer to go out before the object restarts. */
const FAREWELL_MS = 100;

/**
 * Carries out an order; order and reply are JSON. `restoring` is called before and after all that an object
 * holds is replaced.
 */
export async function manage({ ctx, env, kind, name, host, restoring }, order) {
  const { storage } = ctx;
  if (order === "inspect") return { alarm: { at: await storage.getAlarm() } };
  if (order === "ring") {
    // A time in the past means now, whatever this isolate's clock says.
    await storage.setAlarm(1);
    return "done";
  }
  if (order.rewind !== undefined) return rewind(ctx, order.rewind.to);
  if (env.BACKUPS === undefined) return { not_supported: { why: "no bucket is bound as BACKUPS" } };
  if (order === "copy") {
    const reply = await copy(env.BACKUPS, kind, host);
    if (reply !== "nothing") host.endCopy(true);
    return reply;
  }
  const { taken } = order.restore_copy;
  restoring(true);
  try {
    return await restoreCopy(env.BACKUPS, kind, name, taken, host);
  } finally {
    restoring(false);
  }
}

/** The platform's point-in-time recovery. The local runtime keeps no history and reports that. */
async function rewind(ctx, to) {
  let undo;
  try {
    const bookmark = await ctx.storage.getBookmarkForTime(to);
    undo = await ctx.storage.onNextSessionRestoreBookmark(bookmark);
  } catch (error) {
    return { not_supported: { why: String(error) } };
  }
  setTimeout(() => ctx.abort("put back to an earlier moment"), FAREWELL_MS);
  return { rewound: { undo } };
}
