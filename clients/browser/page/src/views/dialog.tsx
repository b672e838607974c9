import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { Icon } from "./icons.js";

interface DialogProps {
  title: string;
  /** Called when the user closes the dialog. Without it, the dialog cannot be closed. */
  onClose?: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog. Focus stays within it and returns to where it was when it closes. Escape closes it. */
export function Dialog({ title, onClose, wide, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useModal(element, onClose);
  return (
    <dialog ref={element} class={wide ? "wide" : ""} aria-labelledby={id}>
      <div class="dialog-head">
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        {onClose !== undefined && (
          <button type="button" class="icon" aria-label={text.value.app.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}

function useModal(element: { current: HTMLDialogElement | null }, onClose: (() => void) | undefined): void {
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Focus returns only if the dialog is closed before it is removed from the document.
    return () => dialog?.close();
  }, [element]);
  useLayoutEffect(() => {
    const dialog = element.current;
    const onCancel = (event: Event) => {
      event.preventDefault();
      close.current?.();
    };
    // Browsers may close it without a cancel event when Escape is pressed twice.
    const onClosed = () => {
      if (!dialog?.isConnected) return;
      if (close.current === undefined) dialog.showModal();
      else close.current();
    };
    dialog?.addEventListener("cancel", onCancel);
    dialog?.addEventListener("close", onClosed);
    return () => {
      dialog?.removeEventListener("cancel", onCancel);
      dialog?.removeEventListener("close", onClosed);
    };
  }, [element]);
}
