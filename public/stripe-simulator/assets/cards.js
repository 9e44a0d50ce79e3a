// Puts a chosen test card into the form, and shows that the bank is being asked. Without this script, choosing a card reloads
// the page, and the browser shows the request.
const payForm = document.getElementById('pay');
const cardForm = document.getElementById('cards');

if (payForm instanceof HTMLFormElement && cardForm instanceof HTMLFormElement) {
  cardForm.addEventListener('submit', (event) => {
    if (!(event.submitter instanceof HTMLButtonElement)) return;
    event.preventDefault();
    choose(event.submitter);
  });
  payForm.addEventListener('submit', wait);
  // The browser may bring the page back as it was left.
  addEventListener('pageshow', (event) => event.persisted && location.reload());
}

function choose(button) {
  const input = payForm.elements.namedItem('number');
  input.value = button.value;
  input.removeAttribute('aria-invalid');
  input.removeAttribute('aria-describedby');
  document.getElementById('number-error')?.remove();
  for (const other of cardForm.querySelectorAll('button')) other.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  payForm.querySelector('button').focus();
}

function wait() {
  const button = payForm.querySelector('button');
  // After the form has been read, which a disabled button would change.
  setTimeout(() => {
    button.disabled = true;
    button.textContent = button.dataset.waiting;
  });
}
