// Strokes on a grid of 24; decoration for who sees them: the buttons have names.
const PATHS = {
  back: "m15 18-6-6 6-6",
  bell: "M6 9a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  bell_off: "M6.3 7.5A6 6 0 0 1 18 9c0 3 .5 4.8 1 5.9M17 16H4s2-1 2-7M10 20a2 2 0 0 0 4 0M3 3l18 18",
  bot: "M5 9h14v10H5zM12 9V5M9 13v2M15 13v2M12 5h.01",
  close: "M18 6 6 18M6 6l12 12",
  down: "m6 9 6 6 6-6",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  out: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  send: "m4 12 16-8-5 17-4-7zM11 14l9-10",
  swap: "M4 8h14l-4-4M20 16H6l4 4",
  tick: "m5 12 5 5 9-10",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
