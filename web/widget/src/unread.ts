// Messages that nobody saw yet. All tabs hear of the same ones, in any order: ids are counted, and what one tab showed is unread in none.
import type { Storage } from "./storage";

const IDS_MAX = 100; // of each kind that are kept

export class Unread {
  count: number;
  readonly #local: Storage;
  readonly #known: Set<string>; // counted here or before this page began: the stream may bring them again

  // `changed` is called when another tab counted.
  constructor(local: Storage, changed: () => void) {
    this.#local = local;
    this.count = this.#unread().length;
    this.#known = new Set([...this.#ids("unread"), ...this.#ids("read")]);
    window.addEventListener("storage", (event) => {
      if (event.key !== `${local.prefix}unread` && event.key !== `${local.prefix}read`) return;
      this.count = this.#unread().length;
      changed();
    });
  }

  #ids(name: "unread" | "read"): string[] {
    return this.#local.get(name)?.split(",").filter(Boolean) ?? [];
  }

  // Tabs write at the same time: one may count what another has shown already. That it was shown decides.
  #unread(): string[] {
    const read = this.#ids("read");
    return this.#ids("unread").filter((id) => !read.includes(id));
  }

  has(id: string): boolean {
    return this.#unread().includes(id);
  }

  // It came while nobody looked here. False when that is no news.
  add(id: string): boolean {
    const news = !this.#known.has(id) && !this.#ids("read").includes(id);
    this.#known.add(id);
    this.#keep([...new Set([...this.#unread(), id])]);
    return news;
  }

  // These were seen.
  read(ids: string[]): void {
    this.#local.set("read", [...new Set([...this.#ids("read"), ...ids])].slice(-IDS_MAX).join(",") || null);
    this.#keep(this.#unread());
  }

  readAll(): void {
    this.read(this.#ids("unread"));
  }

  #keep(ids: string[]): void {
    this.#local.set("unread", ids.slice(-IDS_MAX).join(",") || null);
    this.count = this.#unread().length;
  }
}
