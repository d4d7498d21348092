import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";

// A button that shows more of them. Any of those closes it.
export function Menu({ label, children, icon, disabled }: { label: string; children: ComponentChildren; icon?: boolean; disabled?: boolean }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!event.composedPath().includes(root.current!)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    root.current!.querySelector("button")!.focus();
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKey}>
      <button type="button" class={icon ? "quiet" : "button"} aria-expanded={open} disabled={disabled} onClick={() => setOpen(!open)}>
        {label} <Icon name="down" />
      </button>
      {open && <div class="items" onClick={(event) => (event.target as Element).closest("button") && setOpen(false)}>{children}</div>}
    </div>
  );
}
