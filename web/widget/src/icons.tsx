// Strokes on a grid of 24; decoration for who sees them: the buttons have names.
const PATHS = {
  chat: "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.6A8.5 8.5 0 1 1 21 11.5z",
  close: "M18 6 6 18M6 6l12 12",
  down: "m6 9 6 6 6-6",
  back: "m15 18-6-6 6-6",
  send: "M12 19V5M5 12l7-7 7 7",
  stop: "M7 7h10v10H7z",
  plus: "M12 5v14M5 12h14",
  list: "M8 6h13M8 12h13M8 18h13M3 6h.01M3 12h.01M3 18h.01",
  more: "M12 5h.01M12 12h.01M12 19h.01",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  good: "M7 10v11H3V10zM7 10l4-8a3 3 0 0 1 3 3v4h5a2 2 0 0 1 2 2.3l-1.4 8a2 2 0 0 1-2 1.7H7",
  bad: "M17 14V3h4v11zM17 14l-4 8a3 3 0 0 1-3-3v-4H5a2 2 0 0 1-2-2.3l1.4-8a2 2 0 0 1 2-1.7H17",
  retry: "M3 12a9 9 0 1 0 3-6.7L3 8M3 3v5h5",
  bin: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14",
  image: "M4 5h16v14H4zM4 16l5-5 5 5 2-2 4 4M15 9h.01",
  star: "m12 3 2.8 5.7 6.2.9-4.5 4.4 1 6.2-5.5-2.9-5.5 2.9 1-6.2L3 9.6l6.2-.9z",
};

export function Icon({ name, flip }: { name: keyof typeof PATHS; flip?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class={flip ? "flip" : undefined}>
      <path d={PATHS[name]} />
    </svg>
  );
}
