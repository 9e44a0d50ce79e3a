const nameOf = (sku) => `buy:${sku}`;

/**
 * Keeps what is about to be ordered until the shop has answered, and gives back an earlier wish that never was: after
 * a reload it is sent again as it was, with its key.
 */
export function remember(sku, wish) {
  try {
    const earlier = sessionStorage.getItem(nameOf(sku));
    if (earlier) return JSON.parse(earlier);
    sessionStorage.setItem(nameOf(sku), JSON.stringify(wish));
  } catch {
    // A browser may refuse to store; then the key lives in the form alone.
  }
  return wish;
}

/** The shop has answered. */
export function forget(sku) {
  try {
    sessionStorage.removeItem(nameOf(sku));
  } catch {
    // Nothing was stored.
  }
}

/** A fresh checkout key. `randomUUID` is missing where a page comes without TLS from another host. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
