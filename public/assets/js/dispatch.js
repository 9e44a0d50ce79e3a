/** Continues the progress of a dispatch, `sinceMs` after the shop sent it. Progress is a function of time. */
export function showDispatch(sinceMs) {
  const part = document.querySelector('.dispatch');
  if (!part) return;
  const { wholeMs, leftMs: leftThenMs, progress: pattern } = part.dataset;
  const line = part.querySelector('progress');
  const leftMs = Math.max(0, Number(leftThenMs) - sinceMs);
  // Only the shop can report the last step as done.
  const ahead = Math.min(line.max, Math.max(1, Math.ceil((leftMs / Number(wholeMs)) * line.max)));
  line.value = line.max - ahead;
  write(part.querySelector('.rope-text'), pattern.replace('{done}', line.value).replace('{whole}', line.max));
  write(part.querySelector('.ready'), readyWords(part.dataset, Math.ceil(leftMs / 1000)));
}

function readyWords({ soon, second, seconds: some, minutes, hours }, seconds) {
  if (seconds <= 0) return soon;
  if (seconds === 1) return second.replace('{n}', 1);
  if (seconds <= 90) return some.replace('{n}', seconds);
  if (seconds <= 5400) return minutes.replace('{n}', Math.round(seconds / 60));
  return hours.replace('{n}', Math.round(seconds / 3600));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
