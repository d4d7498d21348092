// Where the browser blocks storage, what is kept ends with the page.
export class Storage {
  blocked = false;
  readonly #memory = new Map<string, string>();

  constructor(
    readonly kind: "localStorage" | "sessionStorage",
    readonly prefix: string,
  ) {}

  get(name: string): string | null {
    try {
      return window[this.kind].getItem(this.prefix + name);
    } catch {
      this.blocked = true;
      return this.#memory.get(name) ?? null;
    }
  }

  set(name: string, value: string | null): void {
    try {
      if (value === null) window[this.kind].removeItem(this.prefix + name);
      else window[this.kind].setItem(this.prefix + name, value);
    } catch {
      this.blocked = true;
      if (value === null) this.#memory.delete(name);
      else this.#memory.set(name, value);
    }
  }
}
