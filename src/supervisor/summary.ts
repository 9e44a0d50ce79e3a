export interface SummaryFacts {
  readonly shopUrl: string;
  /** Undefined when payments are not simulated. */
  readonly paymentServiceUrl: string | undefined;
  readonly dataDir: string;
  readonly database: string;
  readonly watching: boolean;
}

/** What a start ends with: where everything is, and how to stop it. */
export function summary(facts: SummaryFacts): string {
  const rows: [string, string][] = [
    ['Shop', facts.shopUrl],
    ['Payments', facts.paymentServiceUrl ?? 'Stripe'],
    ['Database', facts.database],
    ['Data folder', facts.dataDir],
  ];
  if (facts.watching) rows.push(['Watching', 'src and public; what changes is built and started again']);
  const table = rows.map(
    ([label, text]) => `  ${label.padEnd(13)}${text.replaceAll('\n', `\n${' '.repeat(15)}`)}`,
  );
  return ['', 'Holdfast is open.', '', ...table, '', '  Ctrl-C stops it. Nothing is lost.', '', ''].join(
    '\n',
  );
}
