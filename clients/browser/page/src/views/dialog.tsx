import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { Icon } from "./icons.js";

interface DialogProps {
  title: string;
  /** Called when it shall close; a dialog without it stays until it is done with. */
  onClose?: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog: focus stays within it, Escape closes it, and then focus goes back to where it was. */
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
    // Closing before it leaves the document is what brings focus back.
    return () => dialog?.close();
  }, [element]);
  useEffect(() => {
    const dialog = element.current;
    const onCancel = (event: Event) => {
      event.preventDefault();
      close.current?.();
    };
    // A browser may close it without asking, when Escape comes twice.
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
