// What the visitor sees, as a state that events change. Everything is merged by ids, so that nothing shows twice however often it
// comes: by the event stream, by a page of the store, by the reply to a message.
import { Client, newKey, type Identity } from "./client";
import type { Boot, Card, ServerEvent, Standing, Summary } from "./protocol";
import { Images } from "./images";
import { greetingOf, onNavigation, type Greeting } from "./pages";
import { Queue } from "./queue";
import { Refusal } from "./refusal";
import { Sound } from "./sound";
import { isHuman, Standings } from "./standing";
import { Storage } from "./storage";
import { newTalk, type Shown, type Talk } from "./talk";
import english from "./texts/en.json";
import { Unread } from "./unread";

export type View = "talk" | "list";
export type Listener = () => void;

export class Store {
  boot: Boot | null = null;
  open = false;
  view: View = "talk";
  talk: Talk = newTalk(null);
  list: Summary[] = [];
  connected = true;
  everConnected = false;
  failure = ""; // the widget as a whole cannot work
  notice = ""; // shown for a moment, and read out
  spoken = ""; // only read out: who looks sees it
  draft: string;
  readonly images: Images;
  readonly unread: Unread;
  readonly standings: Standings;
  readonly sound: Sound;
  readonly client: Client;
  readonly #local: Storage;
  readonly #tab: Storage;
  readonly #listeners = new Set<Listener>();
  readonly #deltas = new Map<string, (text: string) => void>(); // by the answer's id: who writes them down
  readonly #answers = new Map<string, string>(); // turn to answer
  readonly #talkOf = new Map<string, string>(); // turn to conversation
  readonly #leads = new Map<string, string>(); // conversation to the turn that nobody could answer
  #doubted = new Set<string>(); // turns of which nothing was heard since the stream began anew
  #over = new Set<string>(); // turns that are at their end
  #unwatch: (() => void) | null = null;
  #starting: Promise<void> | null = null;
  readonly #queue = new Queue(
    // The first message of a conversation and the call for a person would else begin one each.
    () => !this.talk.turn && this.connected && !this.standings.asking,
    (own) => this.#postNow(own),
  );
  #ready: Promise<void> = Promise.resolve(); // when the messages so far have all that goes with them
  #handlers = new Map<string, Set<(detail: unknown) => void>>();

  constructor(base: string, bot: string) {
    this.#local = new Storage("localStorage", `switchboard.${bot}.`);
    this.#tab = new Storage("sessionStorage", `switchboard.${bot}.`);
    this.client = new Client(base, bot, this.#local);
    this.draft = this.#tab.get("draft") ?? "";
    this.images = new Images(this.client, () => this.changed());
    this.unread = new Unread(this.#local, () => this.changed());
    this.sound = new Sound(this.#local, this.unread);
    this.standings = new Standings(this, this.#local);
    onNavigation(() => this.changed());
    document.addEventListener("visibilitychange", () => {
      if (!this.#seen()) return;
      this.unread.readAll();
      this.changed();
    });
    // What the server does not have yet outlives the page in the box, not in the conversation.
    window.addEventListener("pagehide", () => {
      const unsent = this.talk.messages.filter(({ sending }) => sending === "queued" || sending === "failed").map(({ content }) => content);
      if (unsent.length) this.#tab.set("draft", [...unsent, this.draft].filter(Boolean).join("\n"));
    });
    const kept = this.#tab.get("conversation") ?? this.standings.awaited;
    if (kept) this.talk = newTalk(kept);
  }

  // --- who looks ---

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  on(name: string, handler: (detail: unknown) => void): () => void {
    const all = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, all.add(handler));
    return () => all.delete(handler);
  }

  #tell(name: string, detail?: unknown): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(detail);
  }

  text(name: keyof typeof english, values: Record<string, string | number> = {}): string {
    const text = this.boot?.texts[name] ?? english[name];
    return text.replace(/\{(\w+)\}/g, (all, key) => String(values[key] ?? all));
  }

  // Who writes an answer down gets what it says from here on, and reads what it said so far from the message.
  writes(answer: string, write: (text: string) => void): () => void {
    this.#deltas.set(answer, write);
    return () => {
      if (this.#deltas.get(answer) === write) this.#deltas.delete(answer);
    };
  }

  // What is said first, on this page; in a conversation that goes on it stays what it was.
  get greeting(): Greeting {
    const { talk, boot } = this;
    if (boot && (!talk.greeting || talk.messages.length === 0)) talk.greeting = greetingOf(boot, location);
    return talk.greeting ?? { welcome: "", suggestions: [] };
  }

  // The turn under which the visitor is asked how they can be reached, or was thanked for it.
  get leadTurn(): string | undefined {
    return this.talk.id && (this.boot?.lead || this.talk.reached) ? this.#leads.get(this.talk.id) : undefined;
  }

  get blocked(): boolean {
    return this.#local.blocked;
  }

  get standing(): Standing {
    return this.standings.of(this.talk.id);
  }

  wasOpen(): boolean {
    return this.#tab.get("open") === "1";
  }

  say(notice: string): void {
    this.notice = notice;
    this.changed();
  }

  setDraft(text: string): void {
    this.draft = text;
    this.#tab.set("draft", text || null);
  }

  // --- coming and going ---

  async show(): Promise<void> {
    this.open = true;
    this.#tab.set("open", "1");
    this.unread.readAll();
    this.changed();
    this.#tell("open");
    await this.start();
  }

  hide(): void {
    this.open = false;
    this.#tab.set("open", null);
    this.changed();
    this.#tell("close");
  }

  #seen(): boolean {
    return this.open && document.visibilityState === "visible";
  }

  async identify(identity: Identity): Promise<void> {
    this.client.identity = identity;
    if (!this.boot) return;
    this.#unwatch?.();
    this.#unwatch = null;
    this.boot = null;
    await this.start();
  }

  // Once, however many ask: two sessions would watch one and write to the other.
  start(): Promise<void> {
    if (this.boot) return Promise.resolve();
    this.#starting ??= this.#boot().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #boot(): Promise<void> {
    try {
      this.boot = await this.client.boot();
      this.list = this.boot.conversations;
      if (this.boot.sound) this.sound.allow();
      this.failure = "";
      this.#unwatch ??= this.client.watch(
        (event) => this.take(event),
        (connected) => this.#connection(connected),
      );
    } catch (error) {
      this.failure = this.words(error);
    }
    this.changed();
  }

  #connection(connected: boolean): void {
    if (connected && !this.connected && this.everConnected) this.notice = this.text("reconnected");
    this.connected = connected;
    this.everConnected ||= connected;
    this.changed();
    if (connected) this.flush();
  }

  // What waits goes out, if it may.
  flush(): void {
    void this.#queue.flush();
  }

  // Why it did not work, for the visitor.
  words(error: unknown): string {
    return error instanceof Refusal && error.message ? error.message : this.text("unavailable");
  }

  // --- events ---

  take(event: ServerEvent): void {
    switch (event.name) {
      case "hello":
        if (event.resumed) break;
        this.#doubt();
        break;
      case "reset":
        this.#doubt();
        break;
      case "erased":
        for (const { id } of this.list) this.standings.forget(id);
        this.list = [];
        this.choose(null);
        break;
      case "status":
        this.standings.take(event.conversation, event);
        this.flush();
        break;
      case "turn":
        this.#turn(event);
        break;
      case "delta":
        this.#delta(event.turn, event.text);
        return; // written where it belongs: nothing else changes
      case "tool":
        if (this.#isHere(event.turn)) this.#tool(event);
        break;
      case "confirm":
        if (event.conversation === this.talk.id) this.#card(event);
        break;
      case "message":
        this.#message(event);
        break;
      case "error":
        if (event.conversation === this.talk.id) this.#problem(event.turn, event.message);
        break;
      case "lead":
        this.#leads.set(event.conversation, event.turn);
        if (event.conversation === this.talk.id && this.leadTurn) this.spoken = this.text("lead_offline");
        break;
      case "deleted":
        this.list = this.list.filter(({ id }) => id !== event.conversation);
        this.standings.forget(event.conversation);
        if (this.talk.id === event.conversation) this.choose(null, this.view);
        break;
      case "end":
        this.#end(event);
        break;
    }
    this.changed();
  }

  // Its end may be among what was missed.
  #doubt(): void {
    if (this.talk.turn) this.#doubted.add(this.talk.turn);
    void this.load();
  }

  #isHere(turn: string): boolean {
    return this.talk.id !== null && this.#talkOf.get(turn) === this.talk.id;
  }

  #put(message: Shown): Shown {
    const at = this.talk.messages.findIndex(({ id }) => id === message.id);
    if (at < 0) {
      this.talk.messages.push(message);
      return message;
    }
    return Object.assign(this.talk.messages[at], message);
  }

  #turn(event: Extract<ServerEvent, { name: "turn" }>): void {
    this.#doubted.delete(event.turn);
    this.#answers.set(event.turn, event.answer);
    this.#talkOf.set(event.turn, event.conversation);
    const own = this.talk.messages.find(({ key }) => key === event.key);
    // The first message of a conversation names it.
    if (own && this.talk.id === null) this.named(event.conversation);
    if (event.conversation !== this.talk.id || this.#over.has(event.turn)) return;
    if (event.again) this.#putAside();
    else if (own && event.message) Object.assign(own, event.message, { sending: undefined });
    else if (event.message) this.#put(event.message);
    this.talk.turn = event.turn;
    this.talk.tools = [];
    this.spoken = "";
    // The log may begin this turn anew: so does its answer.
    const before = this.talk.messages.find(({ id }) => id === event.answer);
    this.#put({ id: event.answer, role: "assistant", content: "", turn: event.turn, streaming: true, version: (before?.version ?? 0) + 1 });
  }

  // What the last message was answered with so far.
  #putAside(): void {
    while (this.talk.messages.length && this.talk.messages[this.talk.messages.length - 1].role !== "user") this.talk.messages.pop();
  }

  #delta(turn: string, text: string): void {
    this.#doubted.delete(turn);
    if (!this.#isHere(turn)) return;
    const answer = this.talk.messages.find(({ id }) => id === this.#answers.get(turn));
    if (!answer?.streaming) return;
    const first = answer.content === "";
    answer.content += text;
    this.#deltas.get(answer.id)?.(text);
    if (first) this.changed();
  }

  #tool(event: Extract<ServerEvent, { name: "tool" }>): void {
    const tool = this.talk.tools.find(({ id }) => id === event.id);
    if (tool) tool.state = event.state;
    else this.talk.tools.push({ id: event.id, text: event.text, state: event.state });
  }

  #card(card: Card & { turn?: string }): void {
    const known = this.talk.cards.find(({ id }) => id === card.id);
    if (known) Object.assign(known, card);
    else this.talk.cards.push(card);
  }

  #message(event: Extract<ServerEvent, { name: "message" }>): void {
    if (event.role !== "user" && event.content && !(event.turn && this.#over.has(event.turn))) {
      if (this.#seen() && event.conversation === this.talk.id) this.unread.read([event.id]);
      else if (this.unread.add(event.id) && !this.#seen()) this.sound.announce(event.id);
    }
    this.#tell("message", { role: event.role, content: event.content });
    if (event.role === "operator") this.standings.hear(event.conversation, event);
    if (!event.turn) this.touch(event.conversation);
    const own = this.talk.messages.find(({ key }) => key !== undefined && key === event.key);
    if (own && this.talk.id === null) this.named(event.conversation);
    if (event.conversation !== this.talk.id) return;
    // An empty answer is the end of the turn's business, not a message.
    if (!event.content && event.status === "complete") {
      this.talk.messages = this.talk.messages.filter(({ id }) => id !== event.id);
      return;
    }
    const { name: _, conversation: __, ...message } = event;
    if (own) Object.assign(own, message, { sending: undefined });
    else this.#put({ ...message, streaming: false });
  }

  #problem(turn: string, problem: string): void {
    const id = this.#answers.get(turn);
    if (id) this.#put({ id, role: "assistant", content: this.talk.messages.find((one) => one.id === id)?.content ?? "", turn, problem });
  }

  #end(event: Extract<ServerEvent, { name: "end" }>): void {
    this.#over.add(event.turn);
    this.touch(event.conversation);
    if (this.talk.turn !== event.turn) return;
    this.talk.turn = null;
    this.talk.tools = [];
    const answer = this.talk.messages.find(({ id }) => id === this.#answers.get(event.turn));
    if (answer) answer.streaming = false;
    // Where a person answers, the turn has nothing to say.
    if (!answer && isHuman(this.standing)) this.spoken = "";
    else if (this.leadTurn === event.turn) this.spoken = this.text("lead_offline");
    else this.spoken = event.finish === "cancelled" ? this.text("stopped") : event.finish === "error" ? (answer?.problem ?? this.text("failed")) : this.text("complete");
    this.flush();
  }

  // Its place in the list.
  touch(conversation: string): void {
    const known = this.list.find(({ id }) => id === conversation);
    const title = this.talk.id === conversation ? this.talk.messages.find(({ role }) => role === "user")?.content : undefined;
    const entry = known ?? { id: conversation, title: (title ?? "").split("\n")[0].slice(0, 80), updated_at: 0, message_count: 0 };
    entry.updated_at = Date.now() / 1000;
    this.list = [entry, ...this.list.filter(({ id }) => id !== conversation)];
  }

  named(conversation: string): void {
    this.talk.id = conversation;
    this.#tab.set("conversation", conversation);
  }

  // --- the open conversation ---

  async load(): Promise<void> {
    const { talk, standing } = this;
    if (!talk.id) return;
    try {
      const kept = await this.client.conversation(talk.id);
      if (this.talk !== talk) return;
      const unknown = talk.messages.filter(({ id, sending, streaming }) => (sending || streaming) && !kept.messages.some((one) => one.id === id));
      const extras = new Map(talk.messages.map((message) => [message.id, message]));
      talk.messages = [...kept.messages.map((message) => ({ ...extras.get(message.id), ...message, streaming: extras.get(message.id)?.streaming })), ...unknown];
      for (const card of kept.confirmations) this.#card(card);
      this.standings.merge(talk.id, kept, standing);
      talk.loaded = true;
      this.#endDoubted(talk);
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) {
        this.standings.forget(talk.id);
        if (this.talk === talk) this.choose(null);
      }
    }
    this.changed();
  }

  // The log of the stream came before the page of the store. A turn of which neither knows ended with the server that had it.
  #endDoubted(talk: Talk): void {
    if (!talk.turn || !this.#doubted.has(talk.turn)) return;
    for (const message of talk.messages)
      if (message.streaming) Object.assign(message, { streaming: false, status: message.content ? "partial" : "failed" });
    this.#over.add(talk.turn);
    talk.turn = null;
    this.flush();
  }

  choose(conversation: string | null, view: View = "talk"): void {
    // What was not sent is of no conversation: it goes along in the box.
    for (const message of this.talk.messages) if (message.sending === "queued" || message.sending === "failed") this.#intoBox(message);
    this.#queue.clear();
    this.talk = newTalk(conversation);
    this.view = view;
    this.#tab.set("conversation", conversation);
    this.changed();
    if (!conversation) return;
    for (const [turn, talk] of this.#talkOf)
      if (talk === conversation && !this.#over.has(turn)) {
        this.talk.turn = turn;
        this.talk.messages.push({ id: this.#answers.get(turn)!, role: "assistant", content: "", turn, streaming: true });
      }
    void this.load();
  }

  async showList(): Promise<void> {
    this.view = "list";
    this.changed();
    try {
      this.list = await this.client.conversations();
    } catch {
      // the one that is there is as good as any
    }
    this.changed();
  }

  // --- what the visitor does ---

  async send(text: string): Promise<void> {
    const key = newKey();
    const own: Shown = { id: `own-${key}`, role: "user", content: text, key, sending: "sending" };
    this.talk.messages.push(own);
    this.changed();
    const images = this.images.take();
    const before = this.#ready;
    this.#ready = Promise.all([images, before, this.start()]).then(() => {});
    await this.#ready; // in the visitor's order, whatever takes long
    const attachments = await images;
    if (!attachments) return this.takeBack(own);
    if (attachments.length) own.attachments = attachments;
    await this.#post(own);
  }

  async #post(own: Shown): Promise<void> {
    await this.#queue.add(own);
    this.changed();
  }

  async #postNow(own: Shown): Promise<void> {
    const { talk } = this;
    own.sending = "sending";
    own.problem = undefined;
    this.changed();
    try {
      const ids = await this.client.send(own.content, own.key!, talk.id ?? undefined, own.attachments?.map(({ id }) => id));
      if (talk.id === null && this.talk === talk) this.named(ids.conversation);
      if (own.sending) {
        // What the stream brought first, without the key.
        talk.messages = talk.messages.filter((one) => one === own || one.id !== ids.message);
        Object.assign(own, { id: ids.message, sending: undefined });
      }
    } catch (error) {
      if (this.talk === talk) this.#refused(own, error);
      else this.#intoBox(own);
    }
    this.changed();
  }

  #refused(own: Shown, error: unknown): void {
    if (error instanceof Refusal && error.code === "conversation_busy") {
      this.#queue.putBack(own);
      return;
    }
    own.sending = "failed";
    own.problem = error instanceof Refusal ? error.message : "";
    this.notice = `${this.text("not_sent")} ${own.problem}`;
  }

  async sendAgain(message: Shown): Promise<void> {
    await this.#post(message);
  }

  // The text comes back into the box.
  takeBack(message: Shown): void {
    this.#queue.remove(message);
    this.talk.messages = this.talk.messages.filter((one) => one !== message);
    this.#intoBox(message);
    this.changed();
  }

  // Before what is being written there.
  #intoBox({ content, attachments }: Shown): void {
    this.images.putBack(attachments);
    this.setDraft(this.draft ? `${content}\n${this.draft}` : content);
  }

  attach(files: File[]): void {
    const rules = this.boot?.attachments;
    if (!rules || !files.length) return;
    this.images.add(files, rules, (name, error) => {
      if (error instanceof Refusal) this.say(error.message);
      else this.say(name ? this.text("not_image", { name }) : this.text("too_many_images", { count: rules.images }));
    });
  }

  async stop(): Promise<void> {
    if (this.talk.id) await this.client.stop(this.talk.id).catch((error) => this.say(this.words(error)));
  }

  async retry(): Promise<void> {
    if (this.talk.id) await this.client.retry(this.talk.id, newKey()).catch((error) => this.say(this.words(error)));
  }

  async confirm(card: Card, answer: "yes" | "no"): Promise<void> {
    try {
      await this.client.confirm(this.talk.id!, card.id, answer, newKey());
      card.state = answer;
    } catch (error) {
      if (error instanceof Refusal && error.code === "confirmation_expired") card.state = "expired";
      else if (error instanceof Refusal && error.code === "confirmation_answered") void this.load();
      this.notice = this.words(error);
    }
    this.changed();
  }

  async feedback(message: Shown, rating: number, comment?: string): Promise<void> {
    const before = message.rating;
    message.rating = rating;
    this.changed();
    try {
      await this.client.feedback(message.id, rating, comment);
      if (rating) this.notice = this.text("thanks");
    } catch (error) {
      message.rating = before;
      this.notice = this.words(error);
    }
    this.changed();
  }

  async rate(stars: number): Promise<boolean> {
    if (!this.talk.id) return false;
    try {
      await this.client.rate(this.talk.id, stars);
      this.say(this.text("thanks"));
      return true;
    } catch (error) {
      this.say(this.words(error));
      return false;
    }
  }

  // What is wrong is told by what it throws.
  async lead(fields: Record<string, string>, consent: boolean): Promise<void> {
    await this.client.lead(fields, consent, this.talk.id ?? undefined);
    if (this.boot) this.boot.lead = null;
    this.talk.reached = true;
    if (this.leadTurn) this.spoken = this.text("lead_thanks");
    this.#tell("lead", fields);
    this.changed();
  }
}
