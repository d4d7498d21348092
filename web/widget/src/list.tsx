import { Icon } from "./icons";
import { remove } from "./personal";
import type { Store } from "./store";

export function List({ store }: { store: Store }) {
  const day = new Intl.DateTimeFormat(store.boot?.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <>
      {store.list.length === 0 && <p class="empty">{store.text("no_conversations")}</p>}
      <ul class="list">
        {store.list.map((entry) => (
          <li key={entry.id}>
            <button type="button" class="entry" onClick={() => store.choose(entry.id)}>
              <b dir="auto">{entry.title || store.text("image")}</b>
              <small>{day.format(new Date(entry.updated_at * 1000))}</small>
            </button>
            <button type="button" class="icon" aria-label={`${store.text("delete_conversation")}: ${entry.title}`} onClick={() => void remove(store, entry.id)}>
              <Icon name="bin" />
            </button>
          </li>
        ))}
      </ul>
      <form class="compose">
        <button type="button" class="button main" onClick={() => store.choose(null)}>
          {store.text("new_conversation")}
        </button>
      </form>
    </>
  );
}
