import type { ComponentProps } from "preact";
import { useId } from "preact/hooks";
import { failureText, fieldOf } from "../state/failures.js";

interface FieldProps extends ComponentProps<"input"> {
  /** As the API names it. */
  name: string;
  label: string;
  hint?: string | undefined;
  /** The error of the form. It shows here if it belongs to this field. */
  error: unknown;
}

/** An input of a form with its label, a hint, and the error that belongs to it. */
export function Field({ name, label, hint, error, ...input }: FieldProps) {
  const id = useId();
  const isWrong = fieldOf(error) === name;
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        name={name}
        aria-invalid={isWrong}
        aria-describedby={`${hint === undefined ? "" : `${id}h `}${id}e`}
      />
      {hint !== undefined && (
        <p id={`${id}h`} class="hint">
          {hint}
        </p>
      )}
      <p id={`${id}e`} class="error" role="alert">
        {isWrong && failureText(error)}
      </p>
    </>
  );
}

/** Focuses the input of a form that an error belongs to, after the next render: the input may be new. */
export function focusWrongField(form: HTMLFormElement, error: unknown): void {
  const field = CSS.escape(fieldOf(error) ?? "");
  requestAnimationFrame(() => form.querySelector<HTMLInputElement>(`input[name="${field}"]`)?.focus());
}
