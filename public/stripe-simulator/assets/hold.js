// Shows how long the items are held, and reloads the page afterwards. Without this script, the page shows the time as text.
const line = document.querySelector('progress.hold');
const millisecondsBetweenTries = 2_000;

if (line instanceof HTMLProgressElement) {
  const end = Date.now() + Number(line.dataset.millisecondsLeft);
  const start = end - line.max * 1_000;
  line.hidden = false;
  const timer = setInterval(() => {
    line.value = Math.min(line.max, Math.max(0, (end - Date.now()) / 1_000));
    if (Date.now() <= end) return;
    clearInterval(timer);
    reload(line.dataset.page);
  }, 500);
  for (const time of document.querySelectorAll('time')) showLocally(time, start, end);
}

// Fetches first: without a connection, the browser would replace this page with its own error page.
function reload(page) {
  fetch(page)
    .then((answer) => (answer.ok ? location.replace(page) : Promise.reject(new Error('not now'))))
    .catch(() => setTimeout(() => reload(page), millisecondsBetweenTries));
}

// The server knows only its own time zone.
function showLocally(time, start, end) {
  const sameDay = new Date(start).toDateString() === new Date(end).toDateString();
  const day = sameDay ? {} : { day: 'numeric', month: 'long' };
  const format = new Intl.DateTimeFormat('en-GB', { ...day, hour: '2-digit', minute: '2-digit' });
  time.textContent = format.format(new Date(time.dateTime));
}
