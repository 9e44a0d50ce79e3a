const clock = { hour: '2-digit', minute: '2-digit' };
const language = document.documentElement.lang;
const today = new Intl.DateTimeFormat(language, clock);
const otherDay = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', ...clock });
const long = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

/** Shows each time in the reader's own zone, with the day when that is not today or when it is read any day later. */
export function showLocalTimes(root) {
  const day = new Date().toDateString();
  for (const element of root.querySelectorAll('time[datetime]:not([data-local])')) {
    const at = new Date(element.dateTime);
    const short = at.toDateString() === day ? today : otherDay;
    element.textContent = ('long' in element.dataset ? long : short).format(at);
    element.dataset.local = '';
  }
}
