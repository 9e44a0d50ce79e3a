const announcedAt = [60, 30];
// A device that slept comes back later than that; then the sentence would no longer be true.
const secondsLateAtMost = 3;
const secondsToStand = 8;
let before = 0;

/** Shows how long the units are still held, `sinceMs` after the shop sent the time left, and then that the hold is over. */
export function showHold(sinceMs) {
  const hold = document.querySelector('.hold');
  const on = hold?.querySelector('.hold-on');
  const leftMs = on ? Math.max(0, Number(hold.dataset.leftMs) - sinceMs) : 0;
  announce(Math.ceil(leftMs / 1000));
  if (!on) return;
  on.querySelector('.hold-line').value = leftMs / 1000;
  const countdown = on.querySelector('.countdown');
  const text = countdown.dataset.pattern.replace('{left}', clockOf(Math.ceil(leftMs / 1000)));
  if (countdown.textContent !== text) countdown.textContent = text;
  if (leftMs === 0 && !on.hidden) end(hold, on);
}

function end(hold, on) {
  const over = hold.querySelector('.hold-over');
  const hadFocus = on.contains(document.activeElement);
  over.hidden = false;
  on.hidden = true;
  if (!hadFocus) return;
  // The focused element is gone, and the keyboard must not start again at the top of the page.
  over.focus();
}

/** Announces the time left at two moments only, and not afterwards. */
function announce(seconds) {
  const region = document.getElementById('hold-message');
  const at = announcedAt.find((at) => before > at && seconds <= at && seconds > at - secondsLateAtMost);
  if (at !== undefined) region.textContent = region.dataset[at];
  else if (announcedAt.some((at) => seconds === at - secondsToStand)) region.textContent = '';
  else if (seconds === 0 && before > 0) region.textContent = '';
  before = seconds;
}

function clockOf(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = hours > 0 ? [hours, twoDigits(minutes)] : [minutes];
  return [...parts, twoDigits(seconds % 60)].join(':');
}

function twoDigits(number) {
  return String(number).padStart(2, '0');
}
