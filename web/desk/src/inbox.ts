// The lists: the box that is shown, what its entries are now, how many wait.
import type { Storage } from "../../widget/src/storage";
import type { Client } from "./client";
import { inOrder, isIn, isKnown, isMine, isOlder } from "./entry";
import type { Box, Entry, Me } from "./protocol";

const KNOWN_MOST = 2000;
const SEEN_MOST = 500;
const READ_SOON = 150; // ms in which more events may come
const READ_APART = 1500; // ms between two readings of a list, however much happens

export class Inbox {
  box: Box = "waiting";
  bot = ""; // "" shows all
  entries: Entry[] = [];
  next: string | null = null;
  counts = { waiting: 0, mine: 0 };
  loaded = false;
  failed = false;
  readonly #client: Client;
  readonly #me: Me;
  readonly #local: Storage;
  readonly #changed: () => void;
  readonly #known = new Map<string, Entry>();
  readonly #seen: Map<string, number>; // how many messages of a conversation the operator has seen
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAt = 0;
  #reading = 0; // number of the last reading: what an earlier one brings is not shown
  #over = false;

  constructor(client: Client, me: Me, local: Storage, changed: () => void) {
    this.#client = client;
    this.#me = me;
    this.#local = local;
    this.#changed = changed;
    this.#seen = new Map(JSON.parse(local.get("seen") ?? "[]"));
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  // What was told before the page was there must not ring: so it is read before the events are.
  async start(): Promise<void> {
    const [mine] = await Promise.allSettled([this.#client.list("mine", { limit: 100 }), this.read(1)]);
    if (mine.status === "fulfilled") for (const entry of mine.value.data) this.#know(entry);
  }

  choose(box: Box): void {
    this.box = box;
    this.#begin();
  }

  filter(bot: string): void {
    this.bot = bot;
    this.#begin();
  }

  #begin(): void {
    this.entries = [];
    this.next = null;
    this.loaded = false;
    this.#changed();
    void this.read(1);
  }

  more(): Promise<void> {
    return this.read(this.entries.length + 1);
  }

  // From the beginning until there are that many, or no more.
  async read(wanted = this.entries.length): Promise<void> {
    const reading = ++this.#reading;
    const { box, bot } = this;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#readAt = Date.now();
    const found = new Map<string, Entry>();
    try {
      let after: string | undefined;
      do {
        const page = await this.#client.list(box, { bot, after });
        if (this.#over || reading !== this.#reading) return;
        for (const entry of page.data) found.set(entry.id, this.#know(entry));
        this.counts = page.counts;
        this.next = page.next;
        after = page.next ?? undefined;
      } while (after && found.size < wanted);
      this.entries = inOrder(box, [...found.values()].filter((entry) => isIn(box, entry, this.#me)));
      this.loaded = true;
      this.failed = false;
    } catch {
      if (reading !== this.#reading) return;
      this.failed = true;
    }
    this.#changed();
  }

  readSoon(): void {
    if (this.#over) return;
    this.#timer ??= setTimeout(() => void this.read(), Math.max(READ_SOON, this.#readAt + READ_APART - Date.now()));
  }

  known(id: string): Entry | undefined {
    return this.#known.get(id);
  }

  // The newest of what is known of it.
  #know(entry: Entry): Entry {
    const known = this.#known.get(entry.id);
    const best = known && isOlder(entry, known) ? known : entry;
    this.#known.delete(entry.id);
    this.#known.set(entry.id, best);
    if (this.#known.size > KNOWN_MOST) this.#known.delete(this.#known.keys().next().value!);
    return best;
  }

  // Something changed. False where that is known already.
  take(entry: Entry): boolean {
    const known = this.#known.get(entry.id);
    const told = !isKnown(entry, known);
    const best = this.#know(entry);
    const rest = this.entries.filter(({ id }) => id !== entry.id);
    if (isIn(this.box, best, this.#me) && (!this.bot || this.bot === best.bot)) {
      const entries = inOrder(this.box, [...rest, best]);
      // What lies behind the page that was read comes with its own page.
      if (this.next === null || entries[entries.length - 1].id !== best.id) this.entries = entries;
    } else this.entries = rest;
    if (!known || known.mode !== best.mode || known.operator?.id !== best.operator?.id) this.readSoon();
    this.#changed();
    return told;
  }

  gone(id: string): void {
    this.#known.delete(id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
    this.readSoon();
    this.#changed();
  }

  // --- what was read ---

  isUnread(entry: Entry): boolean {
    if (entry.last?.role !== "user" || !(entry.mode === "waiting" || isMine(entry, this.#me))) return false;
    return entry.message_count > (this.#seen.get(entry.id) ?? 0);
  }

  get unreadMine(): boolean {
    for (const entry of this.#known.values()) if (isMine(entry, this.#me) && this.isUnread(entry)) return true;
    return false;
  }

  saw(entry: Entry): void {
    if (this.#seen.get(entry.id) === entry.message_count) return;
    this.#seen.delete(entry.id);
    this.#seen.set(entry.id, entry.message_count);
    if (this.#seen.size > SEEN_MOST) this.#seen.delete(this.#seen.keys().next().value!);
    this.#local.set("seen", JSON.stringify([...this.#seen]));
    this.#changed();
  }
}
