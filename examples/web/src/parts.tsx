// What every page is made of: a headline that takes the focus, forms, messages, waiting.

import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
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
    <h1 tabIndex={-1} ref={heading}>
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

export type Values = Record<string, string>;

interface FormProps {
  submit: string;
  onSubmit: (values: Values) => Promise<void>;
  children: (wrong: (field: string) => string | undefined) => ComponentChildren;
}

/** A form that hands its values over, and shows each refusal beside its field. */
export function Form({ submit, onSubmit, children }: FormProps) {
  const { busy, failure, work } = useWork();
  const form = useRef<HTMLFormElement>(null);
  const wrong = (field: string) => (failure instanceof Refused ? failure.of(field) : undefined);
  useEffect(() => {
    if (failure !== undefined) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [failure]);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    if (!form.current) return;
    const values = Object.fromEntries(new FormData(form.current)) as Values;
    void work(() => onSubmit(values));
  };
  return (
    <form ref={form} onSubmit={send}>
      {failure !== undefined && <Alert>{words(failure)}</Alert>}
      {children(wrong)}
      <button class="primary" aria-disabled={busy}>
        {submit}
      </button>
    </form>
  );
}

type FieldProps = JSX.IntrinsicElements["input"] & {
  name: string;
  label: string;
  hint?: string | undefined;
  wrong?: string | undefined;
};

/** A labelled input. */
export function Field({ label, hint, wrong, ...input }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} aria-invalid={wrong !== undefined} aria-describedby={`${id}-hint`} {...input} />
      <Hint id={`${id}-hint`} hint={hint} wrong={wrong} />
    </div>
  );
}

export function Area({ label, hint, wrong, value, ...area }: Omit<FieldProps, "value"> & { value: string }) {
  const id = useId();
  const { name, required, maxLength } = area;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id} name={name} required={required} maxLength={maxLength} rows={5} defaultValue={value}
        aria-invalid={wrong !== undefined} aria-describedby={`${id}-hint`}
      />
      <Hint id={`${id}-hint`} hint={hint} wrong={wrong} />
    </div>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  value?: string;
  options: Record<string, string>;
}

export function Choice({ name, label, value, options }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name}>
        {Object.entries(options).map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

function Hint({ id, hint, wrong }: { id: string; hint?: string | undefined; wrong?: string | undefined }) {
  return (
    <p id={id} class={wrong ? "wrong" : "hint"}>
      {wrong ?? hint}
    </p>
  );
}
