import { useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import type { Attachment } from "./protocol";
import type { Store } from "./store";

// The page's own rules may forbid images of the server's: then their names stand there.
function Picture({ store, attachment, link }: { store: Store; attachment: Attachment; link?: boolean }) {
  const [hidden, setHidden] = useState(false);
  const name = attachment.name || store.text("image");
  const url = store.client.link(attachment.url);
  const shown = hidden ? (
    <span dir="auto">{name}</span>
  ) : (
    <img src={url} alt={name} width={attachment.width} height={attachment.height} loading="lazy" decoding="async" onError={() => setHidden(true)} />
  );
  return link ? <a href={url} target="_blank" rel="noopener noreferrer">{shown}</a> : shown;
}

export function Pictures({ store, attachments }: { store: Store; attachments: Attachment[] }) {
  return (
    <div class="pictures">
      {attachments.map((attachment) => (
        <Picture store={store} attachment={attachment} link key={attachment.id} />
      ))}
    </div>
  );
}

// What goes along with the next message.
export function ChosenImages({ store }: { store: Store }) {
  if (store.images.chosen.length === 0) return null;
  return (
    <ul class="chosen" aria-label={store.text("image")}>
      {store.images.chosen.map((one, index) => (
        <li key={one.attachment?.id ?? `${index} ${one.name}`}>
          {one.attachment ? <Picture store={store} attachment={one.attachment} /> : <span class="tool"><i />{store.text("uploading", { name: one.name })}</span>}
          <button type="button" class="icon" aria-label={store.text("remove_image", { name: one.name || store.text("image") })} onClick={() => store.images.remove(one)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function ImageButton({ store }: { store: Store }) {
  const input = useRef<HTMLInputElement>(null);
  const rules = store.boot?.attachments;
  if (!rules) return null;
  const take = () => {
    store.attach([...(input.current!.files ?? [])]);
    input.current!.value = "";
  };
  return (
    <>
      <input type="file" accept="image/*" multiple hidden ref={input} onChange={take} />
      <button type="button" class="icon attach" aria-label={store.text("attach")} disabled={store.images.chosen.length >= rules.images} onClick={() => input.current!.click()}>
        <Icon name="image" />
      </button>
    </>
  );
}
