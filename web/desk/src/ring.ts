// Tells that somebody waits: two short tones, and a note of the browser's where the operator does not look at the page.
import type { Storage } from "../../widget/src/storage";

const HOLD = 1500; // ms in which no other tab makes a sound
const TONES = [660, 880]; // Hz

export class Ring {
  readonly #local: Storage;
  #context?: AudioContext; // none before the operator did something: browsers forbid it
  readonly #gesture = () => {
    this.stop();
    if ("AudioContext" in window) this.#context = new AudioContext();
  };

  constructor(local: Storage) {
    this.#local = local;
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, this.#gesture, true);
  }

  stop(): void {
    for (const name of ["pointerdown", "keydown"]) window.removeEventListener(name, this.#gesture, true);
  }

  get muted(): boolean {
    return this.#local.get("muted") === "1";
  }

  set muted(muted: boolean) {
    this.#local.set("muted", muted ? "1" : null);
    if (!muted) this.#play();
  }

  // Whether the browser could show notes, had it not to be asked first.
  get mayAsk(): boolean {
    return "Notification" in window && Notification.permission === "default";
  }

  async ask(): Promise<void> {
    await Notification.requestPermission();
  }

  // Of all tabs one makes the sound; the note of one conversation replaces that of another tab.
  ring(id: string, title: string, words: string, open: () => void): void {
    this.#note(id, title, words, open);
    if (this.muted) return;
    if (!navigator.locks) return this.#play();
    const held = async (lock: Lock | null) => {
      if (!lock) return;
      this.#play();
      await new Promise((done) => setTimeout(done, HOLD));
    };
    void navigator.locks.request(`${this.#local.prefix}sound`, { ifAvailable: true }, held).catch(() => this.#play());
  }

  #note(id: string, title: string, words: string, open: () => void): void {
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    try {
      const note = new Notification(title, { body: words, tag: `switchboard-${id}` });
      note.onclick = () => {
        window.focus();
        note.close();
        open();
      };
    } catch {
      // Browsers of phones leave this to service workers.
    }
  }

  #play(): void {
    const context = this.#context;
    if (!context) return;
    void context.resume();
    TONES.forEach((tone, number) => {
      const note = context.createOscillator();
      const volume = context.createGain();
      const start = context.currentTime + number * 0.18;
      note.frequency.setValueAtTime(tone, start);
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
      volume.gain.linearRampToValueAtTime(0, start + 0.16);
      note.connect(volume).connect(context.destination);
      note.start(start);
      note.stop(start + 0.17);
    });
  }
}
