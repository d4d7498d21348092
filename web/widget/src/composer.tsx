import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import { ChosenImages, ImageButton } from "./pictures";
import type { Store } from "./store";

// The beginning that fits, cut between characters.
function cut(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  return new TextDecoder().decode(encoded.slice(0, bytes)).replace(/\uFFFD+$/, "");
}

export function Composer({ store }: { store: Store }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(store.draft);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  // A message that was taken back comes into the box again.
  useEffect(() => {
    if (store.draft !== text) setText(store.draft);
  }, [store.draft]);
  const change = (value: string) => {
    const kept = cut(value, store.boot?.message_max ?? 16384);
    if (kept !== value) {
      store.say(store.text("too_long"));
      if (box.current) box.current.value = kept;
    }
    setText(kept);
    store.setDraft(kept);
    if (kept) store.standings.typed();
  };
  const empty = !text.trim() && store.images.chosen.length === 0;
  // Pictures that are pasted or dropped; text goes into the box as always.
  const take = (event: Event, data: DataTransfer | null) => {
    const files = [...(data?.files ?? [])];
    if (!files.length || !store.boot?.attachments) return;
    event.preventDefault();
    store.attach(files);
  };
  const send = () => {
    if (empty) return;
    void store.send(text.trim());
    change("");
    box.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    // Enter that ends the choice of a character (Japanese, Chinese) sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const answering = store.talk.turn !== null;
  return (
    <form
      class="compose"
      onSubmit={(event) => { event.preventDefault(); send(); }}
      onPaste={(event) => take(event, event.clipboardData)}
      onDragOver={(event) => store.boot?.attachments && event.preventDefault()}
      onDrop={(event) => take(event, event.dataTransfer)}
    >
      <ChosenImages store={store} />
      <ImageButton store={store} />
      <textarea ref={box} rows={1} dir={text ? "auto" : undefined} value={text} placeholder={store.text("placeholder")} aria-label={store.text("placeholder")} enterkeyhint="send" onInput={(event) => change(event.currentTarget.value)} onKeyDown={onKey} />
      {answering && empty ? (
        <button type="button" class="send" aria-label={store.text("stop")} onClick={() => void store.stop()}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" class="send" aria-label={store.text("send")} disabled={empty}>
          <Icon name="send" />
        </button>
      )}
    </form>
  );
}
