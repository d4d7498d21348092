// The visitor's messages that wait for the end of an answer, or for the connection. All go through here, so that the order is theirs.
import type { Shown } from "./talk";

export class Queue {
  #waiting: Shown[] = [];
  #flushing = false;
  #flushAgain = false;
  readonly #ready: () => boolean;
  readonly #post: (own: Shown) => Promise<void>;

  // `post` sends one, and tells by its `sending` what came of it.
  constructor(ready: () => boolean, post: (own: Shown) => Promise<void>) {
    this.#ready = ready;
    this.#post = post;
  }

  async add(own: Shown): Promise<void> {
    own.sending = "queued";
    this.#waiting.push(own);
    await this.flush();
  }

  // It is the next once more.
  putBack(own: Shown): void {
    own.sending = "queued";
    this.#waiting.unshift(own);
  }

  remove(own: Shown): void {
    this.#waiting = this.#waiting.filter((one) => one !== own);
  }

  clear(): void {
    this.#waiting = [];
  }

  async flush(): Promise<void> {
    if (this.#flushing) this.#flushAgain = true;
    if (this.#flushing || !this.#ready()) return;
    const own = this.#waiting.shift();
    if (!own) return;
    this.#flushing = true;
    this.#flushAgain = false;
    await this.#post(own);
    this.#flushing = false;
    // An answer lets the next one go at its end: here if that came already, or if there will be none.
    if (this.#flushAgain || own.sending === "failed") await this.flush();
  }
}
