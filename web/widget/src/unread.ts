// Messages that nobody saw yet. All tabs hear of the same ones, in any order: ids are counted, and what one tab showed is unread in none.
import type { Storage } from "./client";

const IDS_MAX = 100; // of each kind that are kept

export class Unread {
  count: number;
  readonly #local: Storage;

  // `changed` is called when another tab counted.
  constructor(local: Storage, changed: () => void) {
    this.#local = local;
    this.count = this.#ids("unread").length;
    window.addEventListener("storage", (event) => {
      if (event.key !== `${local.prefix}unread`) return;
      this.count = this.#ids("unread").length;
      changed();
    });
  }

  #ids(name: "unread" | "read"): string[] {
    return this.#local.get(name)?.split(",").filter(Boolean) ?? [];
  }

  // It came while nobody looked.
  add(id: string): void {
    if (this.#ids("read").includes(id)) return;
    const ids = [...new Set([...this.#ids("unread"), id])].slice(-IDS_MAX);
    this.count = ids.length;
    this.#local.set("unread", ids.join(","));
  }

  // These were seen.
  read(ids: string[]): void {
    this.#local.set("read", [...new Set([...this.#ids("read"), ...ids])].slice(-IDS_MAX).join(","));
    const left = this.#ids("unread").filter((id) => !ids.includes(id));
    this.count = left.length;
    this.#local.set("unread", left.join(",") || null);
  }

  readAll(): void {
    this.read(this.#ids("unread"));
  }
}
