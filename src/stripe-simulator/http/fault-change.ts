import { z } from 'zod';
import { defaultSettings, type FaultRates, type FaultSettings, faultGroups, faultNames } from '../faults.ts';
import { invalidRequest } from './errors.ts';
import { integer, readParameters, text } from './parameters.ts';

// An empty field of a form is one that was not filled in.
const filled = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const rate = filled(
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d*\.?\d+$/)
        .transform(Number),
    ])
    .pipe(z.number().min(0).max(1)),
);

const settingNames = Object.keys(defaultSettings) as (keyof FaultSettings)[];
const rates = z.record(z.string(), rate).default({});
const settings = z.record(z.string(), filled(integer(0, 60_000))).default({});

const generalChange = z.strictObject({
  seed: filled(z.union([z.number().transform(String), text(200)])),
  faults: rates,
  settings,
});
const sessionChange = z.strictObject({ faults: rates });

/**
 * Reads new faults in general.
 * @throws Refusal that lists every unknown name.
 */
export function readFaultChange(body: unknown): {
  seed: string | undefined;
  faults: FaultRates;
  settings: Partial<FaultSettings>;
} {
  const given = readParameters(generalChange, body);
  refuseUnknown('setting', Object.keys(given.settings), settingNames);
  const settings = Object.fromEntries(
    Object.entries(given.settings).filter(([, value]) => value !== undefined),
  );
  return { seed: given.seed, faults: toRates(given.faults), settings };
}

/**
 * Reads new faults of one session.
 * @throws Refusal that lists every unknown name.
 */
export function readSessionFaults(body: unknown): FaultRates {
  return toRates(readParameters(sessionChange, body).faults);
}

function toRates(given: Record<string, number | undefined>): FaultRates {
  refuseUnknown('fault', Object.keys(given), faultNames);
  const rates: FaultRates = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  for (const [group, faults] of Object.entries(faultGroups)) {
    const sum = faults.reduce((total, fault) => total + (rates[fault] ?? 0), 0);
    // A little above, because 0.1 ten times is not quite 1 to a computer.
    if (sum <= 1 + 1e-9) continue;
    throw invalidRequest(`The rates of the ${group} faults add up to ${sum}; 1 is all there is.`, {
      param: 'faults',
    });
  }
  return rates;
}

function refuseUnknown(kind: string, given: string[], known: readonly string[]): void {
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw invalidRequest(
    `${unknown.map((name) => `Unknown ${kind}: ${name}.`).join(' ')} There are: ${known.join(', ')}.`,
    { code: 'parameter_unknown', param: `${kind}s[${unknown[0]}]` },
  );
}
