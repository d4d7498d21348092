// What the visitor does with what is kept of them.
import type { Store } from "./store";

export async function remove(store: Store, conversation: string): Promise<void> {
  try {
    await store.client.remove(conversation);
    store.take({ name: "deleted", conversation });
  } catch (error) {
    store.say(store.words(error));
  }
}

export async function eraseAll(store: Store): Promise<void> {
  try {
    const deleted = await store.client.erase();
    store.take({ name: "erased" });
    store.say(store.text("erased", deleted));
  } catch (error) {
    store.say(store.words(error));
  }
}

export async function download(store: Store): Promise<void> {
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await store.client.export());
    link.download = "conversations.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    store.say(store.words(error));
  }
}
