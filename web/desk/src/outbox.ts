// What an operator wrote and the server did not confirm yet. Kept with its key over a reload and a new sign-in, and sent until it is
// answered: since the key stays the same, it arrives once.
import { newKey } from "../../widget/src/client";
import { Refusal } from "../../widget/src/refusal";
import type { Storage } from "../../widget/src/storage";
import { isLost, type Client } from "./client";
import type { Message } from "./protocol";

const WAIT_FIRST = 1000; // ms before it is sent again; then twice as long each time
const WAIT_MOST = 30_000;

export interface Pending {
  conversation: string;
  key: string;
  text: string;
  note: boolean;
  written_at: number; // seconds
  late?: boolean; // sent, but no reply came
  problem?: string; // the server said no, and why
}

export class Outbox {
  items: Pending[];
  readonly #client: Client;
  readonly #tab: Storage;
  readonly #sent: (item: Pending, message: Message) => void;
  readonly #changed: () => void;
  readonly #running = new Set<string>();
  readonly #waking = new Set<() => void>();
  #over = false;

  constructor(client: Client, tab: Storage, sent: (item: Pending, message: Message) => void, changed: () => void) {
    this.#client = client;
    this.#tab = tab;
    this.#sent = sent;
    this.#changed = changed;
    this.items = JSON.parse(tab.get("outbox") ?? "[]");
    for (const conversation of new Set(this.items.map((item) => item.conversation))) void this.#run(conversation);
  }

  of(conversation: string): Pending[] {
    return this.items.filter((item) => item.conversation === conversation);
  }

  add(conversation: string, text: string, note: boolean): void {
    this.items.push({ conversation, key: newKey(), text, note, written_at: Date.now() / 1000 });
    this.#save();
    void this.#run(conversation);
  }

  again(item: Pending): void {
    item.problem = undefined;
    this.#save();
    void this.#run(item.conversation);
  }

  remove(item: Pending): void {
    this.items = this.items.filter((one) => one !== item);
    this.#save();
  }

  // The stream brought the message before the reply did.
  arrived(key: string | undefined): void {
    const item = this.items.find((one) => one.key === key);
    if (item) this.remove(item);
  }

  // The server can be reached again.
  wake(): void {
    for (const wake of this.#waking) wake();
  }

  stop(): void {
    this.#over = true;
    this.wake();
  }

  #save(): void {
    this.#tab.set("outbox", this.items.length ? JSON.stringify(this.items) : null);
    this.#changed();
  }

  // One after the other, in the order they were written in.
  async #run(conversation: string): Promise<void> {
    if (this.#running.has(conversation)) return;
    this.#running.add(conversation);
    let wait = WAIT_FIRST;
    while (!this.#over) {
      const item = this.of(conversation).find(({ problem }) => !problem);
      if (!item) break;
      try {
        const message = await this.#client.write(conversation, item.text, item.key, item.note);
        wait = WAIT_FIRST;
        this.remove(item);
        this.#sent(item, message);
      } catch (error) {
        if (this.#over || !this.items.includes(item)) continue;
        if (isLost(error)) {
          item.late = true;
          this.#changed();
          await this.#pause(error instanceof Refusal && error.retryAfter ? error.retryAfter * 1000 : wait);
          wait = Math.min(wait * 2, WAIT_MOST);
        } else {
          item.problem = (error as Refusal).message;
          this.#save();
        }
      }
    }
    this.#running.delete(conversation);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const wake = () => {
        this.#waking.delete(wake);
        clearTimeout(timer);
        done();
      };
      const timer = setTimeout(wake, ms);
      this.#waking.add(wake);
    });
  }
}
