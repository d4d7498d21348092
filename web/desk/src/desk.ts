// The page as a whole: who is signed in, if anybody, and what the page says of itself.
import { Refusal } from "../../widget/src/refusal";
import { Client } from "./client";
import type { Me } from "./protocol";
import { addressed, Shift } from "./shift";
import { texts } from "./texts";

export interface Notice {
  words: string;
  offer?: { label: string; act: () => void };
}

export class Desk {
  state: "starting" | "out" | "in" = "starting";
  shift: Shift | null = null;
  problem = ""; // why nobody is signed in
  notice: Notice | null = null; // shown for a while, and read out
  spoken = ""; // only read out: who looks sees it
  readonly #client = new Client(() => this.#out(texts.signed_out));
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly changed = (): void => {
    for (const listener of this.#listeners) listener();
  };

  say(words: string, offer?: Notice["offer"]): void {
    this.notice = words ? { words, offer } : null;
    this.changed();
  }

  async start(): Promise<void> {
    this.state = "starting";
    this.problem = "";
    this.changed();
    try {
      this.#in(await this.#client.me());
    } catch (error) {
      this.#out(error instanceof Refusal && error.status === 401 ? "" : this.#words(error));
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    try {
      this.#in(await this.#client.login(name, password));
    } catch (error) {
      this.#out(this.#words(error));
    }
  }

  async signOut(): Promise<void> {
    try {
      await this.#client.logout();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 401)) return this.say(this.#words(error));
    }
    this.#out("");
  }

  #words(error: unknown): string {
    return error instanceof Refusal && error.message ? error.message : texts.unreachable;
  }

  #in(me: Me): void {
    this.state = "in";
    this.problem = "";
    this.notice = null;
    const shift = new Shift(this.#client, me, {
      changed: this.changed,
      say: (words, offer) => this.say(words, offer),
      speak: (words) => {
        this.spoken = words;
        this.changed();
      },
      signedOut: () => this.#out(texts.signed_out),
    });
    this.shift = shift;
    // After the lists: what is known of the conversation is there at once.
    void shift.start().then(() => this.shift === shift && this.follow());
    this.changed();
  }

  // To the conversation that the address names.
  follow(): void {
    this.shift?.show(addressed());
  }

  #out(problem: string): void {
    this.shift?.stop();
    this.shift = null;
    this.state = "out";
    this.problem = problem;
    this.notice = null;
    this.spoken = "";
    this.changed();
  }
}
