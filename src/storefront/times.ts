/** A time as pages carry it: exact for the browser, readable without it. */
export interface ShownTime {
  readonly iso: string;
  readonly text: string;
}

const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });

/**
 * A time for people: `14:32 UTC`, with the day when that is not today. The server cannot know the reader's zone, so it
 * names its own; a script shows the local time instead.
 */
export function shownTime(at: Date, now: Date): ShownTime {
  const time = `${clock.format(at)} UTC`;
  const day = calendar.format(at);
  return { iso: at.toISOString(), text: day === calendar.format(now) ? time : `${day}, ${time}` };
}

const longCalendar = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** A time that is read any day later: `14:32 UTC on 21 Nov 2026`. */
export function longTime(at: Date): string {
  return `${clock.format(at)} UTC on ${longCalendar.format(at)}`;
}
