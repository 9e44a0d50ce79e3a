/** The most items of one page of a list. */
export const pageSize = 100;

/** The options of a list. Reading is safe to repeat, and one bad page must not end a comparison of hundreds. */
export const listing = { maxNetworkRetries: 4 };

/** The parameter that limits a list to what was created since a time. */
export function createdSince(since: Date): { created: { gte: number } } {
  return { created: { gte: Math.floor(since.getTime() / 1000) } };
}
