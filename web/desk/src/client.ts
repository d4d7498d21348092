// The way to the server. The cookie goes along by itself; the header tells the server that no other site's page sent it.
import { Refusal, refusalOf } from "../../widget/src/refusal";
import { fieldsOf, watch } from "../../widget/src/stream";
import type { Box, DeskEvent, Entry, List, Me, Message, Operator, Page, Task, VisitorEvent } from "./protocol";

const ANSWER_MOST = 30_000; // ms until a request counts as lost

const pathOf = (conversation: string) => `/conversations/${encodeURIComponent(conversation)}`;

export class Client {
  // Told each time that the server does not know who this is.
  readonly #signedOut: () => void;

  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const reply = await fetch(`/api/desk${path}`, { ...init, credentials: "same-origin", cache: "no-store" });
    if (reply.ok) return reply;
    const refusal = await refusalOf(reply);
    if (reply.status === 401 && path !== "/login") this.#signedOut();
    throw refusal;
  }

  async #get<Answer>(path: string): Promise<Answer> {
    return (await this.#fetch(path, { signal: AbortSignal.timeout(ANSWER_MOST) })).json();
  }

  #post(path: string, body: object = {}): Promise<Response> {
    const headers = { "Content-Type": "application/json", "X-Switchboard-Desk": "1" };
    return this.#fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MOST) });
  }

  async login(name: string, password: string): Promise<Me> {
    return (await this.#post("/login", { name, password })).json();
  }

  async logout(): Promise<void> {
    await this.#post("/logout");
  }

  me(): Promise<Me> {
    return this.#get("/me");
  }

  async presence(away: boolean): Promise<void> {
    await this.#post("/presence", { away });
  }

  async operators(): Promise<Operator[]> {
    return (await this.#get<{ data: Operator[] }>("/operators")).data;
  }

  list(box: Box, { bot, after, limit = 50 }: { bot?: string; after?: string; limit?: number } = {}): Promise<List> {
    const query = new URLSearchParams({ box, limit: String(limit) });
    if (bot) query.set("bot", bot);
    if (after) query.set("after", after);
    return this.#get(`/conversations?${query}`);
  }

  // All that was said behind that position, however many pages it is.
  async conversation(id: string, after: number): Promise<Page> {
    const ask = (position: number) => this.#get<Page>(pathOf(id) + (position > 0 ? `?after=${position}` : ""));
    const whole = await ask(after);
    for (let page = whole; page.has_more && page.messages.length; ) {
      page = await ask(page.messages[page.messages.length - 1].position!);
      whole.messages.push(...page.messages);
    }
    return whole;
  }

  async take(id: string, force: boolean): Promise<Entry> {
    return (await this.#post(`${pathOf(id)}/take`, force ? { force } : {})).json();
  }

  async give(id: string, to: string): Promise<Entry> {
    return (await this.#post(`${pathOf(id)}/give`, { to })).json();
  }

  async close(id: string, reason: string): Promise<Entry> {
    return (await this.#post(`${pathOf(id)}/close`, reason ? { reason } : {})).json();
  }

  async write(id: string, text: string, key: string, note: boolean): Promise<Message> {
    return (await (await this.#post(`${pathOf(id)}/messages`, { text, key, ...(note && { note }) })).json()).message;
  }

  async typing(id: string): Promise<void> {
    await this.#post(`${pathOf(id)}/typing`);
  }

  // The model's help, as it comes; all of it in the end.
  async assist(id: string, body: { task: Task; language: string; text?: string }, text: (so_far: string) => void, signal: AbortSignal): Promise<string> {
    const headers = { "Content-Type": "application/json", "X-Switchboard-Desk": "1" };
    const reply = await this.#fetch(`${pathOf(id)}/assist`, { method: "POST", headers, body: JSON.stringify(body), signal });
    let whole = "";
    for await (const { event, data } of fieldsOf(reply, () => {})) {
      const said = JSON.parse(data);
      if (event === "error") throw new Refusal(502, "failed", said.message, 0);
      if (event === "end") return whole.trim();
      if (event === "delta") text((whole += said.text));
    }
    throw new Error("the stream broke");
  }

  watchDesk(event: (event: DeskEvent) => void, state: (connected: boolean) => void): () => void {
    return watch((headers, signal) => this.#fetch("/events", { headers, signal }), event, state);
  }

  watchConversation(id: string, event: (event: VisitorEvent) => void, state: (connected: boolean) => void): () => void {
    return watch((headers, signal) => this.#fetch(`${pathOf(id)}/events`, { headers, signal }), event, state);
  }
}

// Whether it may be that the server never got it, or that only its reply is lost.
export const isLost = (error: unknown): boolean => !(error instanceof Refusal) || error.status >= 500 || error.status === 429;
