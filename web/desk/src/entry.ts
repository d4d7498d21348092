// What the lists say of a conversation: which of two states of it is newer, and whose it is.
import type { Box, Entry, Me } from "./protocol";

// Replies and events overtake each other: whatever is older than what is known is passed over.
export function isOlder(entry: Entry, known: Entry | null | undefined): boolean {
  if (!known) return false;
  if (entry.epoch !== known.epoch) return entry.epoch < known.epoch;
  return entry.updated_at < known.updated_at || entry.message_count < known.message_count;
}

// Nothing that is not known already: an event of the log that is told again.
export function isKnown(entry: Entry, known: Entry | undefined): boolean {
  return known !== undefined && (isOlder(entry, known) || (entry.epoch === known.epoch && entry.message_count === known.message_count && entry.mode === known.mode));
}

export const isMine = (entry: Entry | null | undefined, me: Me): boolean => entry?.mode === "operator" && entry.operator?.id === me.id;
export const isTaken = (entry: Entry, me: Me): boolean => entry.mode === "operator" && entry.operator !== null && entry.operator.id !== me.id;
export const isLead = (me: Me): boolean => me.role !== "operator";

export function isIn(box: Box, entry: Entry, me: Me): boolean {
  if (box === "waiting") return entry.mode === "waiting";
  if (box === "mine") return isMine(entry, me);
  return box === "all" || entry.mode === "closed";
}

export function inOrder(box: Box, entries: Entry[]): Entry[] {
  const compare = box === "waiting" ? (a: Entry, b: Entry) => (a.waiting_since ?? 0) - (b.waiting_since ?? 0) : (a: Entry, b: Entry) => b.updated_at - a.updated_at;
  return [...entries].sort(compare);
}
