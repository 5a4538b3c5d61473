// A server for the tests of one `describe`: started before them, removed after them, and its output
// printed when one of them fails.

import { after, afterEach, before } from "node:test";
import { startEdge } from "./edge.mjs";
import { MailDouble } from "./mail-double.mjs";
import { startMiniflare } from "./miniflare.mjs";
import { startWorkerd } from "./workerd.mjs";

/** The server stands in `.current` once the tests run. */
export const useWorkerd = (options) => useServer(() => startWorkerd(options));
export const useMiniflare = (options) => useServer(() => startMiniflare(options));

/** A server behind an edge that compresses answers and weakens their tags. */
export function useEdge(server) {
  return useStarted(() => startEdge(server.current));
}

/** A server that mails through a double of a provider: `{ server, mail }`, each with `.current`. */
export function useWorkerdWithMail({ perSecond, ...options } = {}, Double = MailDouble) {
  const mail = useStarted(() => Double.start({ perSecond }));
  const server = useServer(() =>
    startWorkerd({ ...options, settings: { ...mail.current.settings, ...options.settings } }),
  );
  return { server, mail };
}

function useServer(start) {
  const server = useStarted(start);
  afterEach((test) => {
    if (!test.passed) console.error(`--- the server's output:\n${server.current?.output}\n---`);
  });
  return server;
}

function useStarted(start) {
  const holder = { current: undefined };
  before(async () => {
    holder.current = await start();
  });
  after(() => holder.current?.dispose());
  return holder;
}
