// Single keys, where nothing is being typed.
export interface Keys {
  [key: string]: () => void;
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof Element && (target.closest("input, textarea, select, dialog") !== null || (target as HTMLElement).isContentEditable);

export function listen(keys: Keys, on: () => boolean): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isField(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act || (!on() && event.key !== "?")) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

// The next or the one before in the list, from the one that has the focus or is open.
export function step(by: 1 | -1): void {
  const entries = [...document.querySelectorAll<HTMLElement>(".entries .entry")];
  if (!entries.length) return;
  const focused = entries.indexOf(document.activeElement as HTMLElement);
  const at = focused >= 0 ? focused : entries.findIndex((entry) => entry.getAttribute("aria-current") === "true");
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), entries.length - 1);
  entries[to].focus();
}
