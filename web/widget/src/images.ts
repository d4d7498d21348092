// Images the visitor chose for the next message: made small enough here, taken by the server at once, sent with the message.
import type { Client } from "./client";
import type { Attachment, ImageRules } from "./protocol";

export interface Chosen {
  name: string;
  attachment?: Attachment;
  done: Promise<void>; // when it is taken, or cannot be
}

const SIDE_MOST = 1600; // px: more than the models look at
const TRIES = 5;

function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob | null> {
  return new Promise((done) => canvas.toBlob(done, type, 0.85));
}

// A photo tells where it was taken: what is drawn anew does not. A picture that moves stays as it is where it is small enough.
export async function shrink(file: Blob, rules: ImageRules): Promise<Blob> {
  const keeps = file.type !== "image/jpeg" && rules.types.includes(file.type) && file.size <= rules.size;
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  if (keeps && Math.max(width, height) <= SIDE_MOST) return file;
  const type = ["image/jpeg", "image/webp", "image/png"].find((one) => rules.types.includes(one)) ?? "image/jpeg";
  let scale = Math.min(1, SIDE_MOST / Math.max(width, height));
  for (let i = 0; i < TRIES; i++, scale *= 0.7) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = canvas.getContext("2d")!;
    if (type === "image/jpeg") {
      pen.fillStyle = "#fff"; // what is seen through
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await encode(canvas, type);
    if (small && small.size <= rules.size) return small;
  }
  throw new Error("too large");
}

export class Images {
  chosen: Chosen[] = [];
  readonly #client: Client;
  readonly #changed: () => void;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  // Adds as many as there is room for; calls `problem` for those that cannot be sent.
  add(files: File[], rules: ImageRules, problem: (name: string, error?: unknown) => void): void {
    const room = rules.images - this.chosen.length;
    if (files.length > room) problem("");
    for (const file of files.slice(0, Math.max(0, room))) {
      const one: Chosen = { name: file.name, done: Promise.resolve() };
      this.chosen.push(one);
      one.done = this.#upload(one, file, rules, problem);
    }
    this.#changed();
  }

  async #upload(one: Chosen, file: File, rules: ImageRules, problem: (name: string, error?: unknown) => void): Promise<void> {
    try {
      // Drawings that are programs (SVG) are no images here.
      if (!/^image\/(?!svg)/.test(file.type)) throw new Error("no image");
      const small = await shrink(file, rules);
      one.attachment = await this.#client.upload(small, file.name);
    } catch (error) {
      this.remove(one);
      problem(file.name, error);
    }
    this.#changed();
  }

  remove(one: Chosen): void {
    this.chosen = this.chosen.filter((other) => other !== one);
    this.#changed();
  }

  // For a message that is sent now: once the server has them all. Null where it did not take one.
  async take(): Promise<Attachment[] | null> {
    const { chosen } = this;
    this.chosen = [];
    await Promise.all(chosen.map(({ done }) => done));
    const taken = chosen.flatMap(({ attachment }) => attachment ?? []);
    if (taken.length === chosen.length) return taken;
    this.putBack(taken);
    return null;
  }

  // Of a message that was taken back.
  putBack(attachments: Attachment[] = []): void {
    this.chosen = [...attachments.map((attachment) => ({ name: attachment.name, attachment, done: Promise.resolve() })), ...this.chosen];
  }
}
