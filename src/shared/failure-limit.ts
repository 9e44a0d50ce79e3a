/** Counts failures by address, and says which addresses have too many. Each process counts for itself. */
export class FailureLimit {
  readonly #atMost: number;
  readonly #periodMs: number;
  readonly #failures = new Map<string, { count: number; readonly endsAt: number }>();

  /** @param atMost failures of one address within a period, which begins with the first of them */
  constructor(atMost: number, periodMs: number) {
    this.#atMost = atMost;
    this.#periodMs = periodMs;
  }

  /** For how many seconds an address has too many failures; 0 when it has not. `nowMs`: milliseconds since 1970. */
  blockedSeconds(address: string, nowMs = Date.now()): number {
    const failures = this.#failuresOf(address, nowMs);
    return failures.count >= this.#atMost ? Math.ceil((failures.endsAt - nowMs) / 1000) : 0;
  }

  /** Counts a failure of an address. */
  record(address: string, nowMs = Date.now()): void {
    const failures = this.#failuresOf(address, nowMs);
    failures.count += 1;
    this.#failures.set(address, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > addressesAtMost && oldest !== undefined) this.#failures.delete(oldest);
  }

  #failuresOf(address: string, nowMs: number) {
    const known = this.#failures.get(address);
    if (known !== undefined && known.endsAt > nowMs) return known;
    this.#failures.delete(address);
    return { count: 0, endsAt: nowMs + this.#periodMs };
  }
}

// A bound on the memory. Beyond it the oldest address is forgotten.
const addressesAtMost = 10_000;
