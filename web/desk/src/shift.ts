// All that there is while an operator is signed in: the lists, the open conversation, what they write, what rings.
import { Refusal } from "../../widget/src/refusal";
import { Storage } from "../../widget/src/storage";
import { Assist } from "./assist";
import type { Client } from "./client";
import { isLead, isMine, isTaken } from "./entry";
import { Inbox } from "./inbox";
import { Outbox } from "./outbox";
import type { DeskEvent, Entry, Me, Operator } from "./protocol";
import { Ring } from "./ring";
import { Talk, type Shown } from "./talk";
import { texts } from "./texts";

const TYPING_APART = 5000; // ms between two words to the server that the operator types
const SPOKEN_MOST = 200; // characters read out

// The conversation that the page's address names, "" if none.
export function addressed(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

export interface ShiftEnds {
  changed: () => void;
  say: (notice: string, offer?: { label: string; act: () => void }) => void;
  speak: (words: string) => void; // only read out
  signedOut: () => void;
}

export class Shift {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly ring: Ring;
  readonly assist: Assist;
  readonly local: Storage; // of this browser
  readonly tab: Storage;
  operators: Operator[] = [];
  talk: Talk | null = null;
  closedTalk = ""; // why there is none, where one was wanted
  connected = true;
  acting = ""; // what was asked of the server: "take", "give", "close"
  noting = false; // what is wanted to be written is a note
  readonly #client: Client;
  readonly #ends: ShiftEnds;
  #unwatch = () => {};
  #over = false;
  #typedAt = 0;
  readonly #looked = () => this.#saw();

  constructor(
    client: Client,
    readonly me: Me,
    ends: ShiftEnds,
  ) {
    this.#client = client;
    this.#ends = ends;
    this.local = new Storage("localStorage", `switchboard.desk.${me.id}.`);
    this.tab = new Storage("sessionStorage", `switchboard.desk.${me.id}.`);
    this.ring = new Ring(this.local);
    this.assist = new Assist(client, ends.changed, (error) => this.#refused(error));
    this.inbox = new Inbox(client, me, this.local, ends.changed);
    this.outbox = new Outbox(
      client,
      this.tab,
      (item, message) => {
        if (this.talk?.id === item.conversation) this.talk.put(message);
        ends.changed();
      },
      ends.changed,
    );
  }

  async start(): Promise<void> {
    for (const name of ["focus", "visibilitychange"]) window.addEventListener(name, this.#looked);
    await this.inbox.start();
    if (this.#over) return;
    void this.#readOperators();
    this.#unwatch = this.#client.watchDesk(
      (event) => !this.#over && this.hear(event),
      (connected) => this.#connection(connected),
    );
  }

  stop(): void {
    this.#over = true;
    for (const name of ["focus", "visibilitychange"]) window.removeEventListener(name, this.#looked);
    this.#unwatch();
    this.talk?.stop();
    this.assist.stop();
    this.inbox.stop();
    this.outbox.stop();
    this.ring.stop();
  }

  #connection(connected: boolean): void {
    if (this.#over) return;
    this.connected = connected;
    if (connected) this.outbox.wake();
    this.#ends.changed();
  }

  async #readOperators(): Promise<void> {
    this.operators = await this.#client.operators().catch(() => this.operators);
    this.#ends.changed();
  }

  // --- events ---

  hear(event: DeskEvent): void {
    switch (event.name) {
      case "hello":
        if (!event.resumed) this.#readAll();
        break;
      case "reset":
        this.#readAll();
        break;
      case "conversation": {
        const { name: _, ring, ...entry } = event;
        this.#entry(entry, ring);
        break;
      }
      case "note":
        this.outbox.arrived(event.key);
        if (this.talk?.id === event.conversation) {
          const { name: _, conversation: __, key: ___, ...message } = event;
          this.talk.put(message);
        }
        break;
      case "gone":
        this.inbox.gone(event.conversation);
        if (this.talk?.id === event.conversation) this.#talkGone(false);
        break;
      case "operators":
        void this.#readOperators();
        break;
      case "signed_out":
        this.#ends.signedOut();
        return;
    }
    this.#ends.changed();
  }

  #readAll(): void {
    void this.inbox.read();
    void this.#readOperators();
    void this.talk?.read();
  }

  #entry(entry: Entry, ring: boolean): void {
    const told = this.inbox.take(entry);
    if (this.talk?.id === entry.id) this.talk.setEntry(entry);
    this.#saw();
    if (!ring || !told || this.me.away || (this.talk?.id === entry.id && document.hasFocus())) return;
    const waits = entry.mode === "waiting";
    this.#ends.speak(waits ? texts.rings(entry.title) : texts.wrote(entry.title));
    this.ring.ring(entry.id, waits ? texts.notification_waiting : texts.notification_wrote, entry.title, () => this.open(entry.id));
  }

  // --- the open conversation ---

  // Its address is behind the page's "#", so that it can be gone back from, and linked to.
  open(id: string): void {
    if (addressed() !== id) location.hash = encodeURIComponent(id);
    this.show(id);
  }

  leave(): void {
    history.pushState(null, "", location.pathname);
    this.show("");
  }

  show(id: string): void {
    if ((this.talk?.id ?? "") === id) return;
    this.talk?.stop();
    this.closedTalk = "";
    this.noting = false;
    this.assist.clear();
    this.talk = id ? new Talk(this.#client, id, this.inbox.known(id) ?? null, {
      changed: this.#ends.changed,
      gone: (missing) => this.#talkGone(missing),
      entry: (entry) => {
        this.inbox.take(entry);
        this.#saw();
      },
      arrived: (key) => this.outbox.arrived(key),
      spoken: (message) => this.#heard(message),
    }) : null;
    this.talk?.start();
    this.#ends.changed();
  }

  #talkGone(missing: boolean): void {
    this.talk?.stop();
    if (this.talk) this.inbox.gone(this.talk.id);
    this.talk = null;
    this.closedTalk = missing ? texts.not_found : texts.gone;
    this.#ends.changed();
  }

  #heard(message: Shown): void {
    const words = message.content.slice(0, SPOKEN_MOST);
    if (message.role === "user") this.#ends.speak(texts.said_visitor(words));
    else if (message.role === "assistant") this.#ends.speak(texts.said_bot(words));
  }

  #saw(): void {
    if (this.talk?.loaded && this.talk.entry && document.visibilityState === "visible" && document.hasFocus()) this.inbox.saw(this.talk.entry);
  }

  // --- what the operator does ---

  get mine(): boolean {
    return isMine(this.talk?.entry, this.me);
  }

  get mayTake(): boolean {
    const entry = this.talk?.entry;
    return !!entry && entry.reachable && !isMine(entry, this.me) && (!isTaken(entry, this.me) || isLead(this.me));
  }

  get mayGive(): boolean {
    const entry = this.talk?.entry;
    return !!entry && entry.mode !== "closed" && (isMine(entry, this.me) || (isLead(this.me) && isTaken(entry, this.me)));
  }

  get mayClose(): boolean {
    const entry = this.talk?.entry;
    return !!entry && entry.mode !== "closed" && (!isTaken(entry, this.me) || isLead(this.me));
  }

  async take(force = false): Promise<void> {
    const entry = this.talk?.entry;
    if (!entry || !this.mayTake) return;
    force ||= isTaken(entry, this.me);
    await this.#act("take", texts.done_take, () => this.#client.take(entry.id, force));
  }

  async give(to: string): Promise<void> {
    const { talk } = this;
    if (talk && this.mayGive) await this.#act("give", texts.done_give, () => this.#client.give(talk.id, to));
  }

  async close(reason: string): Promise<void> {
    const { talk } = this;
    if (talk && this.mayClose) await this.#act("close", texts.done_close, () => this.#client.close(talk.id, reason));
  }

  async #act(what: string, done: string, act: () => Promise<Entry>): Promise<void> {
    if (this.acting) return;
    this.acting = what;
    this.#ends.changed();
    try {
      const entry = await act();
      this.inbox.take(entry);
      if (this.talk?.id === entry.id) this.talk.setEntry(entry);
      this.inbox.readSoon();
      this.#ends.speak(done);
    } catch (error) {
      this.#refused(error);
    } finally {
      this.acting = "";
      this.#ends.changed();
    }
  }

  #refused(error: unknown): void {
    if (error instanceof Refusal && error.status === 401) return;
    const offers = error instanceof Refusal && error.code === "taken" && isLead(this.me);
    this.#ends.say(this.words(error), offers ? { label: texts.take_over, act: () => void this.take(true) } : undefined);
    // What the page shows is not how it is.
    if (error instanceof Refusal) void this.talk?.read();
  }

  words(error: unknown): string {
    return error instanceof Refusal && error.message ? error.message : texts.unreachable;
  }

  note(noting: boolean): void {
    this.noting = noting;
    this.#ends.changed();
  }

  get shortcuts(): boolean {
    return this.local.get("shortcuts") !== "off";
  }

  set shortcuts(on: boolean) {
    this.local.set("shortcuts", on ? null : "off");
  }

  send(text: string): void {
    if (!this.talk) return;
    this.outbox.add(this.talk.id, text, this.noting || !this.mine);
    this.#typedAt = 0;
  }

  typed(): void {
    if (!this.talk || this.noting || !this.mine || Date.now() - this.#typedAt < TYPING_APART) return;
    this.#typedAt = Date.now();
    void this.#client.typing(this.talk.id).catch(() => {});
  }

  async setAway(away: boolean): Promise<void> {
    const before = this.me.away;
    this.me.away = away;
    this.#ends.changed();
    try {
      await this.#client.presence(away);
    } catch (error) {
      this.me.away = before;
      this.#refused(error);
    }
    this.#ends.changed();
  }

  // --- drafts: one for the visitor and one for notes ---

  #draftName(conversation: string, note: boolean): string {
    return `${note ? "note" : "draft"}.${conversation}`;
  }

  draft(conversation: string, note: boolean): string {
    return this.tab.get(this.#draftName(conversation, note)) ?? "";
  }

  setDraft(conversation: string, note: boolean, text: string): void {
    this.tab.set(this.#draftName(conversation, note), text || null);
    this.#ends.changed();
  }
}
