// The open conversation. Everything is merged by ids, so that each message stands once however often it comes: by the stream of the
// visitor's events, by a page of the store, by the reply to what the operator sent.
import { Refusal } from "../../widget/src/refusal";
import type { Card } from "../../widget/src/protocol";
import type { Client } from "./client";
import { isOlder } from "./entry";
import type { Calls, Entry, Message, Page, ToolCall, VisitorEvent } from "./protocol";

const TYPING_MOST = 10_000; // ms: whoever types longer says so again
const WAIT_FIRST = 1000; // ms before a page that did not come is asked for again; then twice as long each time
const WAIT_MOST = 30_000;
const NEXT = 1e-6; // what the stream brings without a position stands this much behind the last

export interface Shown extends Message {
  at: number; // its place: the position, or one that is assumed until a page of the store has it
  turn?: string;
  streaming?: boolean;
  version?: number; // grows when what was written of it is to be written anew
  problem?: string;
}

type Event<Name extends VisitorEvent["name"]> = Extract<VisitorEvent, { name: Name }>;

export interface TalkEnds {
  changed: () => void;
  gone: (missing: boolean) => void; // deleted, or never there
  entry: (entry: Entry) => void; // what a page says of it
  arrived: (key: string | undefined) => void; // one of the operator's own
  spoken: (message: Shown) => void; // somebody else said something
}

export class Talk {
  messages: Shown[] = [];
  cards: Card[] = [];
  running: { id: string; text: string }[] = []; // tools
  turn: string | null = null; // under way
  details: { tools: ToolCall[]; calls: Calls; lead: Record<string, unknown> | null } | null = null;
  loaded = false;
  connected = true;
  visitorTypes = false;
  readonly #client: Client;
  readonly #ends: TalkEnds;
  readonly #answers = new Map<string, string>(); // turn → id of its answer
  readonly #over = new Set<string>(); // turns
  readonly #writers = new Map<string, (text: string) => void>();
  #doubted: string | null = null; // a turn whose end may be among what was missed
  #reached = 0; // the position up to which pages were read
  #reading = false;
  #readAgain = false;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #wait = WAIT_FIRST;
  #unwatch = () => {};
  #stopped = false;

  constructor(
    client: Client,
    readonly id: string,
    public entry: Entry | null,
    ends: TalkEnds,
  ) {
    this.#client = client;
    this.#ends = ends;
  }

  start(): void {
    void this.read();
    this.#unwatch = this.#client.watchConversation(
      this.id,
      (event) => !this.#stopped && this.take(event),
      (connected) => {
        if (this.#stopped) return;
        this.connected = connected;
        this.#ends.changed();
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#typing);
    clearTimeout(this.#retry);
    this.#unwatch();
  }

  // Told what is added to a message as it is written; returns how to stop.
  writes(id: string, writer: (text: string) => void): () => void {
    this.#writers.set(id, writer);
    return () => this.#writers.delete(id);
  }

  setEntry(entry: Entry): void {
    if (this.entry && isOlder(entry, this.entry)) return;
    const more = this.loaded && entry.message_count !== this.entry?.message_count;
    this.entry = entry;
    // Also where the stream does not tell: the visitor talks through a program, or somebody left a note.
    if (more && this.turn === null) void this.read();
  }

  // --- pages ---

  async read(): Promise<void> {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    clearTimeout(this.#retry);
    while (this.#readAgain && !this.#stopped) {
      this.#readAgain = false;
      try {
        await this.#readOnce();
      } catch (error) {
        if (this.#stopped) break;
        if (error instanceof Refusal && error.status === 404) this.#ends.gone(!this.loaded);
        else if (!(error instanceof Refusal && error.status === 401)) this.#readLater();
      }
    }
    this.#reading = false;
  }

  #readLater(): void {
    this.#retry = setTimeout(() => void this.read(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, WAIT_MOST);
  }

  // From the visitor's last message on: what it was answered with may have been replaced.
  #since(): number {
    let since = this.#reached;
    for (const { role, position } of this.messages) if (role === "user" && position && position <= this.#reached) since = position - 1;
    return since;
  }

  async #readOnce(): Promise<void> {
    const after = this.#since();
    const doubted = this.#doubted;
    const page: Page = await this.#client.conversation(this.id, after);
    if (this.#stopped) return;
    this.#wait = WAIT_FIRST;
    const ids = new Set(page.messages.map(({ id }) => id));
    this.messages = this.messages.filter(({ id, role, position, streaming }) => ids.has(id) || role !== "assistant" || streaming || !position || position <= after);
    for (const message of page.messages) {
      this.put({ ...message, streaming: false });
      this.#reached = Math.max(this.#reached, message.position ?? 0);
    }
    const { messages: _, has_more: __, tools, calls, lead, ...entry } = page;
    this.details = { tools, calls, lead };
    if (!this.entry || !isOlder(entry, this.entry)) this.entry = entry;
    this.loaded = true;
    // The log of the stream came before the page. A turn of which neither knows ended with the server that had it.
    if (doubted && this.#doubted === doubted && this.turn === doubted) this.#finish(doubted);
    this.#ends.entry(entry);
    this.#ends.changed();
  }

  put(message: Message & Partial<Shown>): Shown {
    const known = this.messages.find(({ id }) => id === message.id);
    const last = this.messages[this.messages.length - 1];
    const at = message.position ?? known?.at ?? (last?.at ?? 0) + NEXT;
    const shown: Shown = known ? Object.assign(known, message, { at }) : { ...message, at };
    if (!known) this.messages.push(shown);
    // Sorting keeps the order of equals.
    this.messages.sort((a, b) => a.at - b.at);
    return shown;
  }

  // --- events ---

  take(event: VisitorEvent): void {
    switch (event.name) {
      case "hello":
        if (event.resumed) break;
        this.#doubt();
        break;
      case "reset":
        this.#doubt();
        break;
      case "turn":
        if (event.conversation === this.id) this.#begin(event);
        break;
      case "delta":
        this.#delta(event);
        return; // written where it belongs: nothing else changes
      case "tool":
        this.#tool(event);
        break;
      case "confirm":
        if (event.conversation === this.id) this.#card(event);
        break;
      case "message":
        if (event.conversation === this.id) this.#message(event);
        break;
      case "typing":
        if (event.conversation === this.id && event.role === "user") this.#types();
        break;
      case "error":
        if (event.conversation === this.id) this.#problem(event);
        break;
      case "end":
        if (event.conversation === this.id) this.#end(event);
        break;
      case "lead":
        if (event.conversation === this.id) void this.read();
        break;
      case "deleted":
        if (event.conversation === this.id) this.#ends.gone(false);
        break;
      case "erased":
        this.#ends.gone(false);
        break;
    }
    this.#ends.changed();
  }

  #doubt(): void {
    this.#doubted = this.turn;
    void this.read();
  }

  #begin(event: Event<"turn">): void {
    if (this.#doubted === event.turn) this.#doubted = null;
    this.#answers.set(event.turn, event.answer);
    this.#typesNoMore();
    if (event.message) this.put(event.message);
    const known = this.messages.find(({ id }) => id === event.answer);
    // The log tells it again, and the whole answer is there.
    if (this.#over.has(event.turn) || (known && !known.streaming)) return;
    if (event.again && !known) this.#putAside();
    this.turn = event.turn;
    this.running = [];
    this.put({ id: event.answer, role: "assistant", content: "", turn: event.turn, streaming: true, version: (known?.version ?? 0) + 1 });
  }

  // What the last message was answered with so far.
  #putAside(): void {
    while (this.messages.length && this.messages[this.messages.length - 1].role === "assistant") this.messages.pop();
  }

  #delta({ turn, text }: Event<"delta">): void {
    if (this.#doubted === turn) this.#doubted = null;
    const answer = this.messages.find(({ id }) => id === this.#answers.get(turn));
    if (!answer?.streaming) return;
    const first = answer.content === "";
    answer.content += text;
    this.#writers.get(answer.id)?.(text);
    if (first) this.#ends.changed();
  }

  #tool({ turn, id, state, text }: Event<"tool">): void {
    if (turn !== this.turn) return;
    this.running = this.running.filter((tool) => tool.id !== id);
    if (state === "running") this.running.push({ id, text });
  }

  #card(card: Card): void {
    const known = this.cards.find(({ id }) => id === card.id);
    if (known) Object.assign(known, card);
    else this.cards.push(card);
  }

  #message(event: Event<"message">): void {
    this.#ends.arrived(event.key);
    // An empty answer is the end of the turn's business, not a message.
    if (!event.content && !event.attachments?.length && event.status === "complete") {
      this.messages = this.messages.filter(({ id }) => id !== event.id);
      return;
    }
    const { name: _, conversation: __, key: ___, ...message } = event;
    const known = this.messages.find(({ id }) => id === event.id);
    const shown = this.put({ ...message, streaming: false });
    if (event.role === "user") this.#typesNoMore();
    if (!known || event.role === "assistant") this.#ends.spoken(shown);
  }

  #types(): void {
    clearTimeout(this.#typing);
    this.visitorTypes = true;
    this.#typing = setTimeout(() => {
      this.visitorTypes = false;
      this.#ends.changed();
    }, TYPING_MOST);
  }

  #typesNoMore(): void {
    clearTimeout(this.#typing);
    this.visitorTypes = false;
  }

  #problem({ turn, message: problem }: Event<"error">): void {
    const answer = this.messages.find(({ id }) => id === this.#answers.get(turn));
    if (answer) answer.problem = problem;
  }

  #end({ turn }: Event<"end">): void {
    this.#finish(turn);
    // Its tools and costs, and what position the answer has.
    void this.read();
  }

  #finish(turn: string): void {
    this.#over.add(turn);
    if (this.turn === turn) {
      this.turn = null;
      this.running = [];
    }
    this.#doubted = null;
    const answer = this.messages.find(({ id }) => id === this.#answers.get(turn));
    if (!answer?.streaming) return;
    answer.streaming = false;
    if (!answer.content && !answer.problem) this.messages = this.messages.filter((one) => one !== answer);
  }
}
