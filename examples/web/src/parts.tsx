// What every page is made of: a headline that takes the focus, messages, waiting.

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../../clients/typescript/index.ts";

/** The headline. Who comes by keyboard or screen reader begins here on a new page. */
export function Headline({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · Events`;
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [children]);
  return (
    <h1 tabIndex={-1} ref={heading} dir="auto">
      {children}
    </h1>
  );
}

/** What went wrong, in words for people. */
export function words(failure: unknown): string {
  if (!(failure instanceof Refused)) return "The platform cannot be reached. Try again in a moment.";
  if (failure.problem.code === "validation_failed") return "Please look at the fields that are marked.";
  return failure.problem.detail;
}

export function Alert({ children }: { children: ComponentChildren }) {
  return (
    <p class="alert" role="alert">
      {children}
    </p>
  );
}

/** Says something politely; the place is always there, so that screen readers hear it change. */
export function Notice({ children }: { children?: ComponentChildren }) {
  return (
    <p class="notice" role="status">
      {children}
    </p>
  );
}

type Load<T> = { data?: T; failure?: unknown };

/** Asks again whenever `key` changes, and on `reload`. What comes too late is dropped. */
export function useLoad<T>(key: string, ask: () => Promise<T>): Load<T> & { reload: () => Promise<void> } {
  const [state, setState] = useState<Load<T>>({});
  const latest = useRef(0);
  const reload = useCallback(async () => {
    const turn = ++latest.current;
    const next = await ask().then(
      (data): Load<T> => ({ data }),
      (failure: unknown): Load<T> => ({ failure }),
    );
    if (turn === latest.current) setState(next);
  }, [key]);
  useEffect(() => {
    setState({});
    void reload();
    return () => void latest.current++;
  }, [reload]);
  return { ...state, reload };
}

/** Shows what has been loaded, or why not, or that it is on its way. */
export function Loaded<T>({ from, children }: { from: Load<T>; children: (data: T) => ComponentChildren }) {
  if (from.failure !== undefined) return <Alert>{words(from.failure)}</Alert>;
  if (from.data === undefined) return <p class="quiet" role="status">One moment…</p>;
  return <>{children(from.data)}</>;
}

/**
 * A form's or button's work: one at a time, and what went wrong. Buttons say so with `aria-disabled`: one
 * that is really disabled would lose the focus.
 */
export function useWork() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const working = useRef(false);
  const work = async (task: () => Promise<void>) => {
    if (working.current) return;
    working.current = true;
    setBusy(true);
    setFailure(undefined);
    try {
      await task();
    } catch (refusal) {
      setFailure(refusal);
    } finally {
      working.current = false;
      setBusy(false);
    }
  };
  return { busy, failure, work };
}
