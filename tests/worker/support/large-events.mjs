// An event with a great many registrations, written into its database by the stopped server: made
// through the API they would take hours.

// Node calls it experimental and says so; nothing else here needs it.
process.removeAllListeners("warning");
const { DatabaseSync } = await import("node:sqlite");

/**
 * Adds copies of the one registration that an event has, until there are `confirmed` and, after
 * these, `waitlisted`. `file` is the event's database.
 */
export function fillEvent(file, { confirmed, waitlisted = 0 }) {
  const database = new DatabaseSync(file);
  database.exec(`
    BEGIN;
    WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ${confirmed + waitlisted})
    INSERT INTO registrations
      (seq, id, user_id, account, name, email, status, registered_at, confirmed_at, change, told, origin)
    SELECT seq + n - 1, ${withNumber("id")}, ${withNumber("user_id")}, account, name, n || email,
      iif(n <= ${confirmed}, 'confirmed', 'waitlisted'), registered_at,
      iif(n <= ${confirmed}, confirmed_at, NULL), change + n - 1, told, origin
    FROM n, (SELECT * FROM registrations);
    UPDATE event SET told_change = (SELECT max(change) FROM registrations);
    COMMIT;
  `);
  database.close();
}

/** The user's id, and the registration's, of the arrival of this number (the first is 1). */
export const numbered = (id, n) => id.slice(0, 24) + n.toString(16).padStart(12, "0");

/** The same in SQL. */
const withNumber = (column) => `substr(${column}, 1, 24) || printf('%012x', n)`;
