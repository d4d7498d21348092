// What the bot's model does for the operator: a summary, a reply to begin with, translations. Nothing of it goes to the visitor by itself.
import type { Client } from "./client";
import type { Entry, Task } from "./protocol";

const primary = (tag: string) => tag.toLowerCase().split("-")[0];
export const ownLanguage = (): string => navigator.language || "en";

export class Assist {
  busy = ""; // what is under way: "summary", "draft", or the id of a message
  summary = "";
  readonly translations = new Map<string, string>(); // by message
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #stop = new AbortController();

  constructor(client: Client, changed: () => void, failed: (error: unknown) => void) {
    this.#client = client;
    this.#changed = changed;
    this.#failed = failed;
  }

  // Of another conversation, or none.
  clear(): void {
    this.stop();
    this.summary = "";
    this.translations.clear();
  }

  stop(): void {
    this.#stop.abort();
    this.busy = "";
  }

  // Whether visitor and operator speak different languages, as far as their browsers tell.
  foreign(entry: Entry): boolean {
    return !!entry.language && primary(entry.language) !== primary(ownLanguage());
  }

  summarise(entry: Entry): Promise<void> {
    return this.#run("summary", entry.id, { task: "summary", language: ownLanguage() }, (text) => (this.summary = text));
  }

  translate(entry: Entry, message: string, text: string): Promise<void> {
    return this.#run(message, entry.id, { task: "translate", language: ownLanguage(), text }, (so_far) => this.translations.set(message, so_far));
  }

  // Into the draft: a reply in the operator's language where it is to be translated afterwards, else in the visitor's.
  suggest(entry: Entry, draft: string, write: (text: string) => void): Promise<void> {
    const language = this.foreign(entry) ? ownLanguage() : entry.language || ownLanguage();
    return this.#run("draft", entry.id, { task: "reply", language, ...(draft && { text: draft }) }, write);
  }

  translateDraft(entry: Entry, draft: string, write: (text: string) => void): Promise<void> {
    return this.#run("draft", entry.id, { task: "translate", language: entry.language!, text: draft }, write);
  }

  async #run(what: string, conversation: string, body: { task: Task; language: string; text?: string }, write: (text: string) => void): Promise<void> {
    this.stop();
    const { signal } = (this.#stop = new AbortController());
    this.busy = what;
    this.#changed();
    const show = (text: string) => {
      if (signal.aborted) return;
      write(text);
      this.#changed();
    };
    try {
      show(await this.#client.assist(conversation, body, show, signal));
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
    if (signal.aborted) return;
    this.busy = "";
    this.#changed();
  }
}
