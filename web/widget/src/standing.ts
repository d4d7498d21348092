// Who answers in each conversation: the bot, an operator, or nobody yet.
import { newKey } from "./client";
import type { Message, Standing } from "./protocol";
import { Refusal } from "./refusal";
import type { Storage } from "./storage";
import type { Store } from "./store";

const BOT: Standing = { mode: "bot" };
const TYPING_MOST = 10_000; // ms: whoever types longer says so again

// Whether a person is asked for or there.
export const isHuman = ({ mode }: Standing): boolean => mode === "waiting" || mode === "operator";

// In words for the visitor; "" for the bot, of which there is nothing to say.
export function lineOf({ mode, operator, typing, position, wait_s }: Standing, store: Store): string {
  const name = operator || store.text("operator");
  if (mode === "operator") return store.text(typing ? "writes" : "talking", { name });
  if (mode === "closed") return store.text("ended");
  if (mode === "bot") return "";
  const place = position ? store.text("waiting_place", { position }) : store.text("waiting");
  if (!wait_s) return place;
  const minutes = new Intl.NumberFormat(store.boot?.language, { style: "unit", unit: "minute" }).format(Math.ceil(wait_s / 60));
  return `${place} · ≈ ${minutes}`;
}

export class Standings {
  asking = false; // for a person, and no reply yet
  readonly #store: Store;
  readonly #local: Storage;
  readonly #known = new Map<string, Standing>();
  #key = ""; // of the call for a person
  #saidTyping = false; // read out, once for each message of an operator
  #typedUntil = 0; // it was said to
  #quiet?: ReturnType<typeof setTimeout>;

  constructor(store: Store, local: Storage) {
    this.#store = store;
    this.#local = local;
  }

  of(conversation: string | null): Standing {
    return this.#known.get(conversation ?? "") ?? BOT;
  }

  // Where a person is to write, or does, whether the chat is open or not: other pages and tabs go on with that conversation.
  get awaited(): string | null {
    return this.#local.get("person");
  }

  // By an event.
  take(conversation: string, standing: Standing): void {
    const before = this.of(conversation);
    this.#set(conversation, standing);
    if (conversation === this.#store.talk.id) this.#announce(before);
    // What nobody has answered yet is for the bot.
    const said = this.#store.talk.messages;
    if (conversation === this.#store.talk.id && isHuman(before) && standing.mode === "bot" && said[said.length - 1]?.role === "user") void this.#store.retry();
  }

  // By a page of the store: it counts where no event came since it was asked for, when it was `before`.
  merge(conversation: string, standing: Standing, before: Standing): void {
    if (this.of(conversation) !== before) return;
    if (before.mode !== standing.mode) this.#set(conversation, standing);
    else if (!isHuman(standing)) this.#release(conversation);
  }

  // A person's words are read out: who cannot see the screen waits for them.
  hear(conversation: string, { author, content }: Message): void {
    this.#hush(conversation);
    if (conversation !== this.#store.talk.id) return;
    this.#store.spoken = `${author ?? this.#store.text("operator")}: ${content}`;
    this.#saidTyping = false;
  }

  // The visitor types: for the operator who has the conversation.
  typed(): void {
    const { talk, standing, client } = this.#store;
    if (standing.mode !== "operator" || !talk.id || Date.now() < this.#typedUntil) return;
    this.#typedUntil = Date.now() + TYPING_MOST / 2;
    void client.typing(talk.id).catch(() => {});
  }

  forget(conversation: string): void {
    this.#known.delete(conversation);
    this.#release(conversation);
  }

  // Calls for a person. The same call again, should the reply be lost.
  async ask(): Promise<void> {
    const store = this.#store;
    const { talk } = store;
    this.asking = true;
    store.changed();
    try {
      const before = store.standing;
      const reply = await store.client.handoff((this.#key ||= newKey()), talk.id ?? undefined);
      this.#key = "";
      // Events know better, and may have come before the reply.
      if (!isHuman(this.of(reply.conversation))) this.#set(reply.conversation, reply);
      if (store.talk === talk) {
        if (talk.id === null) {
          store.named(reply.conversation);
          void store.load(); // what was said of it before its name was known
        }
        this.#announce(before);
      }
      store.touch(reply.conversation);
    } catch (error) {
      if (error instanceof Refusal) this.#key = "";
      store.notice = store.words(error);
    }
    this.asking = false;
    store.changed();
    store.flush();
  }

  #set(conversation: string, { mode, operator, typing, position, wait_s }: Standing): void {
    // Who it is need not be said each time.
    const name = operator ?? (mode === "operator" ? this.of(conversation).operator : undefined);
    this.#known.set(conversation, { mode, operator: name, typing, position, wait_s });
    if (isHuman({ mode })) this.#local.set("person", conversation);
    else this.#release(conversation);
    clearTimeout(this.#quiet);
    if (typing) this.#quiet = setTimeout(() => this.#hush(conversation), TYPING_MOST);
  }

  // What changed, for who does not see the line. That somebody types is said once, not at every stop.
  #announce(before: Standing): void {
    const now = this.#store.standing;
    if (now.mode === "bot" && isHuman(before)) this.#store.say(this.#store.text("bot_again"));
    const same = now.mode === before.mode && now.position === before.position && now.operator === before.operator;
    if (same && (!now.typing || this.#saidTyping)) return;
    this.#saidTyping = !!now.typing;
    this.#store.spoken = lineOf(now, this.#store);
  }

  #hush(conversation: string): void {
    const standing = this.#known.get(conversation);
    if (!standing?.typing) return;
    standing.typing = false;
    this.#store.changed();
  }

  #release(conversation: string): void {
    if (this.awaited === conversation) this.#local.set("person", null);
  }
}
