/** The most items of one page of a list. */
export const pageSize = 100;

/** The parameter that limits a list to what was created since a time. */
export function createdSince(since: Date): { created: { gte: number } } {
  return { created: { gte: Math.floor(since.getTime() / 1000) } };
}
