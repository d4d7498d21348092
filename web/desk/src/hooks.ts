import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Desk } from "./desk";

// Draws anew when something changed; what one waking of the page brings is drawn once.
export function useDesk(desk: Desk): void {
  const [, render] = useState(0);
  useLayoutEffect(() => {
    let pending = false;
    return desk.subscribe(() => {
      if (pending) return;
      pending = true;
      queueMicrotask(() => {
        pending = false;
        render((count) => count + 1);
      });
    });
  }, [desk]);
}

// The time, for what is told as "3 min"; seconds.
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  // Also what was drawn since then is of now.
  return Math.max(now, Date.now()) / 1000;
}
