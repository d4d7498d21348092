// A short soft sound when something was said that nobody sees. The browser makes it: nothing is loaded.
import type { Storage } from "./storage";
import type { Unread } from "./unread";

const OTHERS = 200; // ms in which another tab can tell that it shows the message
const HOLD = 1500; // ms in which no other tab makes a sound

export class Sound {
  readonly #local: Storage;
  readonly #unread: Unread;
  #context?: AudioContext; // none before the visitor did something: browsers forbid it, and so do manners

  constructor(local: Storage, unread: Unread) {
    this.#local = local;
    this.#unread = unread;
  }

  // The bot's owner wants sounds. Browsers allow them in answer to a gesture.
  allow(): void {
    const gesture = () => {
      if (!this.#context && "AudioContext" in window) {
        this.#context = new AudioContext();
        void this.#context.suspend();
      }
      for (const name of ["pointerdown", "keydown"]) window.removeEventListener(name, gesture, true);
    };
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, gesture, true);
  }

  get muted(): boolean {
    return this.#local.get("muted") === "1";
  }

  set muted(muted: boolean) {
    this.#local.set("muted", muted ? "1" : null);
  }

  // For a message that this tab does not show. Of all tabs one makes the sound, and none if one of them shows it.
  announce(id: string): void {
    if (!this.#context || this.muted) return;
    setTimeout(() => {
      if (!this.#unread.has(id)) return;
      const { locks } = navigator;
      if (!locks) return this.#once(id);
      const held = async (lock: Lock | null) => {
        if (!lock) return;
        this.#once(id);
        await new Promise((done) => setTimeout(done, HOLD));
      };
      // Where the browser keeps nothing it may refuse locks, too.
      void locks.request(`${this.#local.prefix}sound`, { ifAvailable: true }, held).catch(() => this.#once(id));
    }, OTHERS);
  }

  // A tab in the background may come late.
  #once(id: string): void {
    if (this.#local.get("sounded") === id) return;
    this.#local.set("sounded", id);
    void this.#play(this.#context!).catch(() => {});
  }

  async #play(context: AudioContext): Promise<void> {
    await context.resume();
    const note = context.createOscillator();
    const volume = context.createGain();
    const start = context.currentTime;
    note.frequency.setValueAtTime(587, start);
    note.frequency.setValueAtTime(784, start + 0.12);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.07, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + 0.45);
    note.connect(volume).connect(context.destination);
    note.onended = () => void context.suspend();
    note.start(start);
    note.stop(start + 0.5);
  }
}
