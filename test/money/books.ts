/** The payment service's own books, the independent truth about the money. */
export interface Books {
  readonly sessions: { readonly id: string; readonly client_reference_id: string; readonly status: string }[];
  readonly charges: { readonly client_reference_id: string; readonly amount: number }[];
  readonly refunds: { readonly client_reference_id: string; readonly amount: number }[];
}

/** Reads all of them. */
export async function readBooks(paymentUrl: string): Promise<Books> {
  const books: Books = { sessions: [], charges: [], refunds: [] };
  for (let after = ''; ; ) {
    const answer = await fetch(`${paymentUrl}/ledger?limit=1000${after}`);
    const page = (await answer.json()) as Books & { has_more: boolean };
    books.sessions.push(...page.sessions);
    books.charges.push(...page.charges);
    books.refunds.push(...page.refunds);
    if (!page.has_more) return books;
    after = `&after=${page.sessions.at(-1)?.id}`;
  }
}
