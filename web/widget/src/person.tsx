import { isHuman, lineOf } from "./standing";
import type { Store } from "./store";

// Who answers, where it is not the bot, and the way to a person. What changes is read out by the region of the app.
export function Person({ store }: { store: Store }) {
  const { standing, standings, talk } = store;
  const line = lineOf(standing, store);
  const offers = store.boot?.handoff && !isHuman(standing);
  if (!line && !offers) return null;
  // A first message that is under way names the conversation.
  const unnamed = talk.id === null && talk.messages.length > 0;
  return (
    <div class="standing">
      {line && <span>{line}</span>}
      {offers && <button type="button" class="link" disabled={standings.asking || unnamed} onClick={() => void standings.ask()}>{store.text("handoff")}</button>}
    </div>
  );
}
