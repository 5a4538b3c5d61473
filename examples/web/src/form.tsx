// Forms: they say what is wrong beside each field, whether the browser, the page or the platform found it.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Refused, type FieldError } from "../../../clients/typescript/index.ts";
import { lengthOf } from "./input.ts";
import { Alert, useWork, words } from "./parts.tsx";

export type Values = Record<string, string>;

interface FormProps {
  submit: string;
  /** `changed` names the fields that the person has changed. */
  onSubmit: (values: Values, changed: Set<string>) => Promise<void>;
  /** What only the page can tell before the platform is asked. */
  check?: (values: Values) => FieldError[];
  children: (wrong: (field: string) => string | undefined) => ComponentChildren;
}

/** A form that hands its values over, and shows each refusal beside its field. */
export function Form({ submit, onSubmit, check = () => [], children }: FormProps) {
  const { busy, failure, work } = useWork();
  const form = useRef<HTMLFormElement>(null);
  const untouched = useRef<Values>({});
  const shown = new Set<string>();
  const wrong = (field: string) => {
    shown.add(field);
    return failure instanceof Refused ? failure.of(field) : undefined;
  };
  const fields = children(wrong);
  const elsewhere = failure instanceof Refused ? (failure.problem.errors ?? []).filter(({ field }) => !shown.has(field)) : [];
  // What the controls make of their values, which is not always what they were given; before anybody can type.
  useLayoutEffect(() => {
    untouched.current = valuesOf(form.current!);
  }, []);
  useEffect(() => {
    if (failure !== undefined) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [failure]);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    if (!form.current) return;
    const values = valuesOf(form.current);
    const changed = new Set(Object.keys(values).filter((name) => values[name] !== untouched.current[name]));
    const errors = [...unacceptable(form.current), ...check(values)];
    void work(async () => {
      if (errors.length > 0) throw refused(errors);
      await onSubmit(values, changed);
    });
  };
  return (
    // The browser's own bubbles are gone with the next key, and screen readers cannot go back to them.
    <form ref={form} onSubmit={send} noValidate>
      {failure !== undefined && (
        <Alert>
          {words(failure)}
          {elsewhere.map(({ field, message }) => ` ${field}: ${message}`)}
        </Alert>
      )}
      {fields}
      <button class="primary" aria-disabled={busy}>
        {submit}
      </button>
    </form>
  );
}

const valuesOf = (form: HTMLFormElement) => Object.fromEntries(new FormData(form)) as Values;

/** What the browser finds wrong, in its own words, and texts that are longer than the platform takes. */
function* unacceptable(form: HTMLFormElement): Iterable<FieldError> {
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) {
      const { name: field, validity, validationMessage: message } = control;
      const over = counted(control) - Number(control.dataset["most"] ?? Infinity);
      if (!validity.valid) yield { field, code: "unacceptable", message };
      else if (over > 0) yield { field, code: "too_long", message: tooLong(over) };
    }
  }
}

/** The platform trims what has one line. */
const counted = (control: HTMLInputElement | HTMLTextAreaElement) =>
  lengthOf(control instanceof HTMLInputElement ? control.value.trim() : control.value);

function refused(errors: FieldError[]): Refused {
  const problem = { type: "about:blank", title: "", status: 422, detail: "", request_id: "" };
  return new Refused({ ...problem, code: "validation_failed", errors });
}

const tooLong = (over: number) => `This is ${over} ${over === 1 ? "character" : "characters"} too long.`;

type Described = {
  name: string;
  label: string;
  hint?: string | undefined;
  wrong?: string | undefined;
  /** The longest text that the platform takes. `maxlength` would count a smiley as two characters. */
  most?: number;
};

type FieldProps = JSX.IntrinsicElements["input"] & Described;

/** A labelled input. */
export function Field({ label, hint, wrong, most, ...input }: FieldProps) {
  const { id, told, described } = useDescribed({ hint, wrong, most, begin: input.defaultValue });
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} {...told} {...input} />
      {described}
    </div>
  );
}

type AreaProps = JSX.IntrinsicElements["textarea"] & Described;

export function Area({ label, hint, wrong, most, ...area }: AreaProps) {
  const { id, told, described } = useDescribed({ hint, wrong, most, begin: area.defaultValue });
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} rows={5} {...told} {...area} />
      {described}
    </div>
  );
}

interface Saying {
  hint: string | undefined;
  wrong: string | undefined;
  most: number | undefined;
  /** What the control begins with. */
  begin: unknown;
}

/** What is said below a control, and what the control needs for it. */
function useDescribed({ hint, wrong, most, begin }: Saying) {
  const id = useId();
  const [length, setLength] = useState(() => lengthOf(String(begin ?? "")));
  const room = (most ?? Infinity) - length;
  const near = most !== undefined && room >= 0 && room < most / 10;
  const told = {
    "data-most": most,
    "aria-invalid": wrong !== undefined || room < 0,
    "aria-describedby": `${id}-hint ${id}-room`,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => setLength(counted(currentTarget)),
  };
  const described = (
    <>
      <p id={`${id}-hint`} class={wrong || room < 0 ? "wrong" : "hint"}>{room < 0 ? tooLong(-room) : (wrong ?? hint)}</p>
      <p id={`${id}-room`} class="hint">{near && `Room for ${room} more.`}</p>
    </>
  );
  return { id, told, described };
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
