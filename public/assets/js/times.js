const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Shows each time in the reader's own zone, with the day when that is not today. */
export function showLocalTimes(root) {
  const today = calendar.format(new Date());
  for (const element of root.querySelectorAll('time[datetime]:not([data-local])')) {
    const at = new Date(element.dateTime);
    const day = calendar.format(at);
    element.textContent = day === today ? clock.format(at) : `${day}, ${clock.format(at)}`;
    element.dataset.local = '';
  }
}
