// Times and money as one reads them.
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const NUMBER = new Intl.NumberFormat(undefined);

export function span(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const dayOf = (seconds: number) => new Date(seconds * 1000).toDateString();

// Today's by the hour, others by the day.
export const brief = (seconds: number, now: number): string => (dayOf(seconds) === dayOf(now) ? TIME : DAY).format(seconds * 1000);
export const time = (seconds: number): string => TIME.format(seconds * 1000);
export const day = (seconds: number): string => DAY.format(seconds * 1000);
export const whole = (seconds: number): string => WHOLE.format(seconds * 1000);
export const sameDay = (a: number, b: number): boolean => dayOf(a) === dayOf(b);
export const number = (value: number): string => NUMBER.format(value);

// Calls cost parts of a cent.
export function money(microdollars: number): string {
  const dollars = microdollars / 1e6;
  return `$${dollars.toFixed(dollars !== 0 && dollars < 0.1 ? 4 : 2)}`;
}

const LANGUAGES = "DisplayNames" in Intl ? new Intl.DisplayNames(["en"], { type: "language" }) : null;

export function language(tag: string): string {
  try {
    return LANGUAGES?.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
