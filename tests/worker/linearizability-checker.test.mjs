// The checker itself: it explains what a roster could have answered, and rejects what none could.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { linearize } from "./support/linearizability.mjs";
import { rosterModel } from "./support/roster-model.mjs";

const confirmed = (id) => ({ id, status: "confirmed", position: null });
const waitlisted = (id, position) => ({ id, status: "waitlisted", position });
const created = (registration) => ({ status: 201, registration });
const stands = (registration) => ({ status: 200, registration });

const call = (name, person, [invokedAt, returnedAt], output) => ({
  operation: { call: name, person },
  invokedAt,
  returnedAt,
  output,
});
const resize = (capacity, [invokedAt, returnedAt], status) => ({
  operation: { call: "resize", capacity },
  invokedAt,
  returnedAt,
  output: { status },
});

const explains = (capacity, history) => linearize(history, rosterModel(capacity)) !== undefined;

describe("The checker explains", () => {
  test("no calls at all", () => assert.ok(explains(1, [])));

  test("one call after the other", () => {
    assert.ok(
      explains(1, [
        call("register", "ada", [1, 2], created(confirmed("a"))),
        call("register", "bob", [3, 4], created(waitlisted("b", 1))),
        call("register", "ada", [5, 6], stands(confirmed("a"))),
        call("cancel", "ada", [7, 8], { status: 204 }),
        call("read", "bob", [9, 10], stands(confirmed("b"))),
        call("read", "ada", [11, 12], { status: 404 }),
      ]),
    );
  });

  test("calls at the same time, in whichever order fits", () => {
    assert.ok(
      explains(1, [
        call("register", "ada", [1, 10], created(waitlisted("a", 1))),
        call("register", "bob", [2, 9], created(confirmed("b"))),
        call("read", "ada", [3, 8], { status: 404 }),
      ]),
    );
  });

  test("calls that fit only after going back", () => {
    assert.ok(
      explains(1, [
        call("cancel", "ada", [1, 20], { status: 204 }),
        call("register", "bob", [2, 19], created(waitlisted("b", 1))),
        call("register", "ada", [3, 18], created(confirmed("a"))),
        call("read", "bob", [21, 22], stands(confirmed("b"))),
      ]),
    );
  });

  test("a raised capacity that moves the waitlist up, and one too low that is refused", () => {
    assert.ok(
      explains(1, [
        call("register", "ada", [1, 2], created(confirmed("a"))),
        call("register", "bob", [3, 4], created(waitlisted("b", 1))),
        resize(2, [5, 6], 200),
        call("read", "bob", [7, 8], stands(confirmed("b"))),
        resize(1, [9, 10], 409),
      ]),
    );
  });

  test("many calls at the same time without trying every order", () => {
    const crowd = Array.from({ length: 40 }, (_, n) =>
      call(
        "register",
        `person ${n}`,
        [n, 1000 + n],
        created(n < 10 ? confirmed(`${n}`) : waitlisted(`${n}`, n - 9)),
      ),
    );
    assert.ok(explains(10, crowd));
  });
});

describe("The checker rejects", () => {
  const rejects = (capacity, history) => assert.ok(!explains(capacity, history));

  test("a seat sold twice", () =>
    rejects(1, [
      call("register", "ada", [1, 3], created(confirmed("a"))),
      call("register", "bob", [2, 4], created(confirmed("b"))),
    ]));

  test("somebody who was overtaken on the waitlist", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("register", "bob", [3, 4], created(waitlisted("b", 1))),
      call("register", "cy", [5, 6], created(waitlisted("c", 2))),
      call("cancel", "ada", [7, 8], { status: 204 }),
      call("read", "cy", [9, 10], stands(confirmed("c"))),
    ]));

  test("a newcomer who slips into a freed seat", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("register", "bob", [3, 4], created(waitlisted("b", 1))),
      call("cancel", "ada", [5, 8], { status: 204 }),
      call("register", "cy", [6, 7], created(confirmed("c"))),
    ]));

  test("a seat that is not given back", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("cancel", "ada", [3, 4], { status: 204 }),
      call("register", "bob", [5, 6], created(waitlisted("b", 1))),
    ]));

  test("a registration that is lost", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("read", "ada", [3, 4], { status: 404 }),
    ]));

  test("a second registration of one person", () =>
    rejects(2, [
      call("register", "ada", [1, 3], created(confirmed("a"))),
      call("register", "ada", [2, 4], created(confirmed("a2"))),
    ]));

  test("a place that two people hold", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("register", "bob", [3, 5], created(waitlisted("b", 1))),
      call("register", "cy", [4, 6], created(waitlisted("c", 1))),
    ]));

  test("somebody who comes back to the old place", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("register", "bob", [3, 4], created(waitlisted("b", 1))),
      call("register", "cy", [5, 6], created(waitlisted("c", 2))),
      call("cancel", "bob", [7, 8], { status: 204 }),
      call("register", "bob", [9, 10], created(waitlisted("b2", 1))),
    ]));

  test("a capacity below the seats that are taken", () =>
    rejects(2, [
      call("register", "ada", [1, 2], created(confirmed("a"))),
      call("register", "bob", [3, 4], created(confirmed("b"))),
      resize(1, [5, 6], 200),
    ]));

  test("an order that real time forbids, though another would fit", () =>
    rejects(1, [
      call("register", "ada", [1, 2], created(waitlisted("a", 1))),
      call("register", "bob", [3, 4], created(confirmed("b"))),
    ]));
});
