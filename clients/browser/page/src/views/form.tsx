import { SluiceError } from "@sluice/browser";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { failureText, fieldOf } from "../state/failures.js";
import { focusWrongField } from "./field.js";

interface FormProps {
  /** What the button says. */
  submit: string;
  /** The names of the form's fields. Other errors show above the button. */
  fields: string[];
  onSubmit: (values: FormData) => Promise<void>;
  /** Renders the fields, given the last error. */
  children: (error: unknown) => ComponentChildren;
}

/** A form that calls the server, shows its error beside the field, and waits as long as the server asks. */
export function Form({ submit, fields, onSubmit, children }: FormProps) {
  const { session } = text.value;
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const wait = useCountdown(error);
  const onEvent = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(new FormData(form));
      form.reset();
    } catch (failure) {
      setError(failure);
      focusWrongField(form, failure);
    }
    setBusy(false);
  };
  const field = fieldOf(error);
  const isElsewhere = error !== undefined && !(field !== undefined && fields.includes(field));
  return (
    <form onSubmit={onEvent}>
      {children(error)}
      <p class="error" role="alert">
        {isElsewhere && failureText(error)}
      </p>
      <button type="submit" class="primary" disabled={busy || wait > 0}>
        {busy ? session.working : wait > 0 ? session.retryIn(wait) : submit}
      </button>
    </form>
  );
}

/** Counts the seconds down that an error asks to wait. */
function useCountdown(error: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const seconds = (error instanceof SluiceError && error.retryAfterSeconds) || 0;
    const until = performance.now() + seconds * 1000;
    const count = () => setLeft(Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    count();
    if (seconds === 0) return;
    const timer = setInterval(count, 1000);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}
