// The way to the server: requests with the visitor's session, and the stream of events.
import { refusalOf } from "./refusal";
import type { Storage } from "./storage";
import { watch } from "./stream";
import type { Attachment, Boot, Conversation, Ids, ServerEvent, Standing, Summary } from "./protocol";

export interface Identity {
  token?: string; // a JWT of the site's
  user?: string; // or an id, with its HMAC
  hash?: string;
}

export class Client {
  identity: Identity = {};
  readonly #base: string;
  readonly #bot: string;
  readonly #storage: Storage;

  constructor(base: string, bot: string, storage: Storage) {
    this.#base = base;
    this.#bot = bot;
    this.#storage = storage;
  }

  #headers(more: Record<string, string> = {}): Record<string, string> {
    const headers = { ...more };
    const session = this.#storage.get("session");
    if (session) headers["X-Switchboard-Session"] = session;
    if (this.identity.token) headers["Authorization"] = `Bearer ${this.identity.token}`;
    if (this.identity.user) headers["X-Switchboard-User"] = this.identity.user;
    if (this.identity.hash) headers["X-Switchboard-User-Hash"] = this.identity.hash;
    return headers;
  }

  async #fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    const reply = await fetch(`${this.#base}/api/widget${path}`, { ...init, headers: this.#headers(init.headers), credentials: "omit" });
    const session = reply.headers.get("X-Switchboard-Session");
    if (session) this.#storage.set("session", session);
    if (reply.ok) return reply;
    const refusal = await refusalOf(reply);
    // What only the owner of the site can mend is for them to read.
    if (reply.status === 403) console.error(`Switchboard: ${refusal.message}`);
    throw refusal;
  }

  #post(path: string, body: object): Promise<Response> {
    return this.#fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ bot: this.#bot, ...body }) });
  }

  async boot(): Promise<Boot> {
    const query = new URLSearchParams({ bot: this.#bot, language: navigator.language, url: location.origin + location.pathname });
    const boot: Boot = await (await this.#fetch(`/boot?${query}`)).json();
    // Once the site says who it is, what they had as nobody has been joined to it.
    if (boot.identified) this.#storage.set("session", null);
    else if (boot.session) this.#storage.set("session", boot.session);
    return boot;
  }

  async send(text: string, key: string, conversation?: string, attachments?: string[]): Promise<Ids> {
    return (await this.#post("/messages", { text, key, conversation, attachments, language: navigator.language })).json();
  }

  async upload(image: Blob, name: string): Promise<Attachment> {
    const query = new URLSearchParams({ bot: this.#bot, name });
    return (await this.#fetch(`/files?${query}`, { method: "POST", headers: { "Content-Type": image.type }, body: image })).json();
  }

  // An address that the server gave without its own.
  link(path: string): string {
    return this.#base + path;
  }

  async confirm(conversation: string, confirmation: string, answer: "yes" | "no", key: string): Promise<Ids> {
    return (await this.#post("/confirm", { conversation, confirmation, answer, key, language: navigator.language })).json();
  }

  async retry(conversation: string, key: string): Promise<Ids> {
    return (await this.#post("/retry", { conversation, key, language: navigator.language })).json();
  }

  async handoff(key: string, conversation?: string): Promise<Standing & { conversation: string }> {
    return (await this.#post("/handoff", { conversation, key, language: navigator.language })).json();
  }

  async typing(conversation: string): Promise<void> {
    await this.#post("/typing", { conversation });
  }

  async stop(conversation: string): Promise<void> {
    await this.#post("/stop", { conversation });
  }

  async feedback(message: string, rating: number, comment = ""): Promise<void> {
    await this.#post("/feedback", { message, rating, comment });
  }

  async lead(fields: Record<string, string>, consent: boolean, conversation?: string): Promise<void> {
    await this.#post("/lead", { fields, consent, conversation, language: navigator.language });
  }

  async rate(conversation: string, stars: number): Promise<void> {
    await this.#post("/rating", { conversation, stars });
  }

  async conversations(): Promise<Summary[]> {
    return (await (await this.#fetch(`/conversations?bot=${this.#bot}`)).json()).data;
  }

  // All of its messages, however many pages they are.
  async conversation(id: string): Promise<Conversation> {
    const path = `/conversations/${id}?bot=${this.#bot}`;
    const whole: Conversation = await (await this.#fetch(path)).json();
    for (let page = whole; page.has_more && page.messages.length; ) {
      const last = page.messages[page.messages.length - 1] as { position?: number };
      page = await (await this.#fetch(`${path}&after=${last.position}`)).json();
      whole.messages.push(...page.messages);
    }
    return whole;
  }

  async remove(conversation: string): Promise<void> {
    await this.#fetch(`/conversations/${conversation}?bot=${this.#bot}`, { method: "DELETE" });
  }

  async export(): Promise<Blob> {
    return (await this.#fetch(`/export?bot=${this.#bot}`)).blob();
  }

  async erase(): Promise<Record<string, number>> {
    return (await (await this.#fetch(`/data?bot=${this.#bot}`, { method: "DELETE" })).json()).deleted;
  }

  // Watches until the page is gone: calls `event` for each, `state` when the connection comes and goes.
  watch(event: (event: ServerEvent) => void, state: (connected: boolean) => void): () => void {
    return watch((headers, signal) => this.#fetch(`/events?bot=${this.#bot}`, { headers, signal }), event, state);
  }
}

export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
