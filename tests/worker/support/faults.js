// The Worker with faults on demand. What the runtime does to objects in production is done here by a request:
//
// - `/faults/reset?binding=EVENTS&name=…`: the object loses its memory, and calls on their way fail;
// - `/faults/forget-alarm?binding=…&name=…`: its alarm is gone, as after six failures;
// - `/faults/trap-alarms?binding=…&name=…&on=…`: each of its alarms meets a trap, as long as it is on;
// - `/faults/alarm?binding=…&name=…`: whether its alarm is set, and how many have met a trap;
// - `/faults/wave?objects=…`: so many events are asked for that do not exist, and put away;
// - `/faults/memory`: bytes of wasm memory after a forced collection; needs `--expose-gc`.

import { memories, trap } from "./instances.js";
import worker, * as classes from "./index.js";

/** By object, how many of its alarms have met a trap; only while they do. */
const trapped = new Map();

const faulty = (name) =>
  class extends classes[name] {
    reset() {
      this.ctx.abort("reset by a test");
    }

    /** Whether there was one. */
    async forgetAlarm() {
      const alarm = await this.ctx.storage.getAlarm();
      await this.ctx.storage.deleteAlarm();
      return alarm !== null;
    }

    async alarm() {
      const id = String(this.ctx.id);
      if (trapped.has(id)) {
        trapped.set(id, trapped.get(id) + 1);
        trap.next = true;
      }
      return super.alarm();
    }

    trapAlarms(on) {
      if (on) trapped.set(String(this.ctx.id), 0);
      else trapped.delete(String(this.ctx.id));
    }

    async alarmState() {
      return { set: (await this.ctx.storage.getAlarm()) !== null, traps: trapped.get(String(this.ctx.id)) };
    }
  };

export const Account = faulty("Account");
export const Event = faulty("Event");
export const Catalog = faulty("Catalog");
export const MailPacer = faulty("MailPacer");

const READ = JSON.stringify({ command: "read", have: null });

const faults = {
  async reset(stub) {
    await stub().reset().catch(() => {});
  },
  async "forget-alarm"(stub) {
    return stub().forgetAlarm();
  },
  async "trap-alarms"(stub, _, query) {
    return stub().trapAlarms(query.get("on") === "true");
  },
  async alarm(stub) {
    return stub().alarmState();
  },
  async wave(_, { EVENTS }, query) {
    let left = Number(query.get("objects"));
    const visit = async () => {
      while (left-- > 0) {
        const stub = EVENTS.getByName(crypto.randomUUID());
        await stub.ask(READ);
        await stub.reset().catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: 8 }, visit));
  },
  async memory() {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  },
};

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    const [, prefix, fault] = pathname.split("/");
    if (prefix !== "faults") return worker.fetch(request, env, context);
    const stub = () => env[searchParams.get("binding")].getByName(searchParams.get("name"));
    const done = await faults[fault](stub, env, searchParams);
    return Response.json(done ?? null);
  },
};
