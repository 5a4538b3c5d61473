// A list that comes in pages, and goes on when asked to.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Alert, Loaded, Notice, useLoad, useWork, words } from "./parts.tsx";

interface Page<T> {
  items: T[];
  next: string | null;
}

interface ListProps<T> {
  ask: (cursor: string | undefined) => Promise<Page<T>>;
  empty: ComponentChildren;
  /** A `<li>` with a link in it for each. */
  children: (item: T) => ComponentChildren;
}

export function List<T>({ ask, empty, children }: ListProps<T>) {
  const first = useLoad("first", () => some(ask));
  const [rest, setRest] = useState<Page<T>>();
  const { busy, failure, work } = useWork();
  const list = useRef<HTMLUListElement>(null);
  const [heard, setHeard] = useState("");
  const more = (shown: number, cursor: string) =>
    work(async () => {
      const page = await some(ask, cursor);
      setRest({ items: [...(rest?.items ?? []), ...page.items], next: page.next });
      setHeard(page.items.length > 0 ? `${page.items.length} more` : "That was all.");
      // The button may be gone: go on reading where the new ones begin.
      requestAnimationFrame(() => list.current?.children[shown]?.querySelector("a")?.focus());
    });
  return (
    <Loaded from={first}>
      {({ items: begun, next: second }) => {
        const items = [...begun, ...(rest?.items ?? [])];
        const next = rest ? rest.next : second;
        if (items.length === 0) return empty;
        return (
          <>
            <Notice>{heard}</Notice>
            <ul class="cards" ref={list}>
              {items.map(children)}
            </ul>
            {failure !== undefined && <Alert>{words(failure)}</Alert>}
            {next !== null && (
              <button onClick={() => more(items.length, next)} aria-disabled={busy}>
                Show more
              </button>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** The next page with something on it: the platform may give an empty one although more follow. */
async function some<T>(ask: ListProps<T>["ask"], cursor?: string): Promise<Page<T>> {
  let page = await ask(cursor);
  while (page.items.length === 0 && page.next !== null) page = await ask(page.next);
  return page;
}
