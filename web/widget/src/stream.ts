// Server-sent events, read with fetch since EventSource sends no headers; a stream that broke is picked up where it was.
import { Refusal } from "./refusal";

const WAIT_FIRST = 500; // ms before the first attempt to connect again; then twice as long each time
const WAIT_MOST = 30_000;
const SILENCE_MOST = 40_000; // the server says something every 15 s

// The fields of each event. `heard` is called whenever anything comes, comments too.
export async function* fieldsOf(reply: Response, heard: () => void): AsyncGenerator<Record<string, string>> {
  const reader = reply.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    text += decoder.decode(value, { stream: true });
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const fields: Record<string, string> = {};
      for (const line of text.slice(0, end).split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (fields.event) yield fields;
    }
  }
}

// Watches until told to stop: `open` asks for the stream, behind the last id where there is one.
export function watch<Event>(
  open: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>,
  event: (event: Event) => void,
  state: (connected: boolean) => void,
): () => void {
  let lastId = "";
  let wait = WAIT_FIRST;
  let over = false;
  let cut = new AbortController();
  let wake = () => {};
  const read = async () => {
    const own = (cut = new AbortController());
    let alive = setTimeout(() => own.abort(), SILENCE_MOST);
    try {
      const reply = await open(lastId ? { "Last-Event-ID": lastId } : {}, own.signal);
      const heard = () => {
        clearTimeout(alive);
        alive = setTimeout(() => own.abort(), SILENCE_MOST);
      };
      for await (const fields of fieldsOf(reply, heard)) {
        if (fields.id) lastId = fields.id;
        if (fields.event === "hello") {
          wait = WAIT_FIRST;
          state(true);
        }
        event({ ...JSON.parse(fields.data), name: fields.event } as Event);
      }
    } finally {
      clearTimeout(alive);
    }
  };
  const run = async () => {
    while (!over) {
      await read().catch((error) => {
        // Who may not watch now may not in a second either.
        if (error instanceof Refusal && error.status < 500 && error.status !== 429) wait = WAIT_MOST;
      });
      if (over) return;
      state(false);
      await new Promise<void>((done) => {
        wake = done;
        setTimeout(done, wait * (0.75 + Math.random() / 2));
      });
      wait = Math.min(wait * 2, WAIT_MOST);
    }
  };
  const again = () => {
    if (document.visibilityState === "hidden") return;
    wait = WAIT_FIRST;
    wake();
  };
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", again);
  void run();
  return () => {
    over = true;
    cut.abort();
    wake();
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", again);
  };
}
