const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const long = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** Shows each time in the reader's own zone, with the day when that is not today or when it is read any day later. */
export function showLocalTimes(root) {
  const today = calendar.format(new Date());
  for (const element of root.querySelectorAll('time[datetime]:not([data-local])')) {
    const at = new Date(element.dateTime);
    const day = calendar.format(at);
    const short = day === today ? clock.format(at) : `${day}, ${clock.format(at)}`;
    element.textContent = 'long' in element.dataset ? long.format(at) : short;
    element.dataset.local = '';
  }
}
