// Of a long conversation the end is drawn; the rest comes as the reader goes up. Some ten thousand nodes at once would hold the page up.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Talk } from "./talk";

const PART = 40; // messages
const NEAR = 300; // px from the beginning of what is drawn

export interface Earlier {
  first: number; // of the messages that are drawn
  reveal(): void;
  onScroll(): void;
  grew(): boolean; // true once after older messages were drawn: that is no news
}

export function useEarlier(root: { current: HTMLElement | null }, talk: Talk): Earlier {
  const [, draw] = useState(0);
  const state = useRef({ talk: null as Talk | null, loaded: false, first: 0, below: -1, grew: false }).current;
  if (state.talk !== talk || state.loaded !== talk.loaded) Object.assign(state, { talk, loaded: talk.loaded, first: Math.max(0, talk.messages.length - PART) });
  // What the reader looks at stays where it is.
  useLayoutEffect(() => {
    if (state.below < 0) return;
    root.current!.scrollTop = root.current!.scrollHeight - state.below;
    state.below = -1;
    state.grew = true;
  });
  const reveal = () => {
    const log = root.current!;
    if (state.first === 0 || state.below >= 0) return;
    state.below = log.scrollHeight - log.scrollTop;
    state.first = Math.max(0, state.first - PART);
    // The button goes; if it has the focus, that stays near.
    if (state.first === 0 && log.contains((log.getRootNode() as ShadowRoot).activeElement)) log.focus({ preventScroll: true });
    draw((count) => count + 1);
  };
  return {
    first: state.first,
    reveal,
    onScroll: () => {
      if (root.current!.scrollTop < NEAR) reveal();
    },
    grew: () => {
      const { grew } = state;
      state.grew = false;
      return grew;
    },
  };
}
