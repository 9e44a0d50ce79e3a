import { report } from './banner.js';

const answerWithinMs = 8000;

enhanceOperatorTools();

/** Lets Restock and Crash answer in the page. Without this, their forms go to the same addresses. */
function enhanceOperatorTools() {
  for (const form of document.querySelectorAll('form[data-operator]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void operate(form);
    });
  }
}

async function operate(form) {
  const output = form.querySelector('.answer');
  output.textContent = '';
  const signal = AbortSignal.timeout(answerWithinMs);
  const answer = await fetch(form.action, { method: 'POST', signal }).catch(() => undefined);
  // A crash loses the connection; that is its answer.
  const crashed = form.dataset.operator === 'crash' && answer === undefined;
  if (crashed) report('live', false);
  output.textContent = crashed || answer?.ok ? form.dataset.done : form.dataset.failed;
}
