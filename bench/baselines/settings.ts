/** What a baseline is told by its environment, in the shop's own words (src/config.ts). */
export interface Settings {
  readonly port: number;
  readonly databaseUrl: string;
  /** Undefined when checkouts call no provider. */
  readonly providerUrl: string | undefined;
  readonly webhookSecret: string;
  readonly dispatchMs: number;
}

/** @throws when a setting is missing. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const need = (name: string): string => {
    const value = environment[name];
    if (value === undefined) throw new Error(`${name} is missing.`);
    return value;
  };
  return {
    port: Number(need('PORT')),
    databaseUrl: need('DATABASE_URL'),
    providerUrl: environment['PAYMENT_SERVICE_URL'],
    webhookSecret: need('STRIPE_WEBHOOK_SECRET'),
    dispatchMs: Number(need('DISPATCH_SECONDS')) * 1000,
  };
}
