// The roster of one event as the contract describes it, in the fewest words: the model that recorded
// histories are checked against.
//
// A state is `{ capacity, confirmed: [entry], waitlist: [entry] }`, an entry `{ person, id }`.
// Operations and the outputs that `step` judges:
// - `{ call: "register", person }` → `{ status: 201 | 200, registration }`
// - `{ call: "cancel", person }` → `{ status: 204 | 404 }`
// - `{ call: "read", person }` → `{ status: 200, registration }` or `{ status: 404 }`
// - `{ call: "resize", capacity }` → `{ status: 200 | 409 }`

export function rosterModel(capacity) {
  return { initial: { capacity, confirmed: [], waitlist: [] }, step, key: JSON.stringify };
}

function step(state, { call, person, capacity }, output) {
  const { confirmed, waitlist } = state;
  const isTheirs = (entry) => entry.person === person;
  const standing = [...confirmed, ...waitlist].find(isTheirs);

  switch (call) {
    case "register": {
      if (standing) return when(output.status === 200 && shows(output, state, standing), state);
      const entry = { person, id: output.registration?.id };
      const next = promoted({ ...state, waitlist: [...waitlist, entry] });
      return when(output.status === 201 && shows(output, next, entry), next);
    }
    case "cancel": {
      if (!standing) return when(output.status === 404, state);
      const without = (entries) => entries.filter((entry) => !isTheirs(entry));
      const left = { ...state, confirmed: without(confirmed), waitlist: without(waitlist) };
      return when(output.status === 204, promoted(left));
    }
    case "read":
      if (!standing) return when(output.status === 404, state);
      return when(output.status === 200 && shows(output, state, standing), state);
    case "resize":
      if (capacity < confirmed.length) return when(output.status === 409, state);
      return when(output.status === 200, promoted({ ...state, capacity }));
  }
}

const when = (possible, state) => (possible ? state : undefined);

/** Free seats go to the head of the waitlist. */
function promoted({ capacity, confirmed, waitlist }) {
  const free = Math.max(0, capacity - confirmed.length);
  return {
    capacity,
    confirmed: [...confirmed, ...waitlist.slice(0, free)],
    waitlist: waitlist.slice(free),
  };
}

/** Whether the registration in the answer is the entry as it stands. */
function shows({ registration }, { waitlist }, entry) {
  const place = waitlist.indexOf(waitlist.find(({ person }) => person === entry.person));
  return (
    registration.id === entry.id &&
    registration.status === (place === -1 ? "confirmed" : "waitlisted") &&
    registration.position === (place === -1 ? null : place + 1)
  );
}
