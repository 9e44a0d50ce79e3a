import { longTimeWords, words } from './words.ts';

/** A time as pages carry it: exact for the browser, readable without it. */
export interface ShownTime {
  readonly iso: string;
  readonly text: string;
}

const zone = { timeZone: 'UTC' } as const;
const clock = { ...zone, hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
const day = { ...zone, day: 'numeric', month: 'short' } as const;
const today = new Intl.DateTimeFormat(words.language, clock);
const otherDay = new Intl.DateTimeFormat(words.language, { ...day, ...clock });
const calendar = new Intl.DateTimeFormat(words.language, { ...day, year: 'numeric' });

/**
 * A time for people: `14:32 UTC`, with the day when that is not today. The server cannot know the reader's zone, so it
 * names its own; a script shows the local time instead.
 */
export function shownTime(at: Date, now: Date): ShownTime {
  const format = calendar.format(at) === calendar.format(now) ? today : otherDay;
  return { iso: at.toISOString(), text: format.format(at) };
}

/** A time with its day, for a list or a receipt. */
export function longShown(at: Date): ShownTime {
  return { iso: at.toISOString(), text: longTime(at) };
}

const weekday = new Intl.DateTimeFormat(words.language, {
  ...zone,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
});

/** A day without its time: `Sat 21 Nov`. */
export function shownDay(at: Date): string {
  return weekday.format(at).replace(',', '');
}

/** A time that is read any day later: `14:32 UTC on 21 Nov 2026`. */
export function longTime(at: Date): string {
  return longTimeWords(today.format(at), calendar.format(at));
}
