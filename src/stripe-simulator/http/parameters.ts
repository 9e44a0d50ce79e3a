import { z } from 'zod';
import { isIdentifier } from '../model.ts';
import { invalidRequest, missing, type Refusal } from './errors.ts';

/** A request with the identifier of an object in its address. */
export interface ById {
  Params: { id: string };
}

/** Text of 1 to `max` characters. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // Postgres stores no NUL character.
    .refine((value) => !value.includes('\0'), 'Contains a NUL character');

/** A whole number, sent as text in a form and as a number in JSON. */
export const integer = (min: number, max: number) =>
  z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((value) => /^-?\d{1,12}$/.test(value), {
      error: (issue) => `Invalid integer: ${String(issue.input)}`,
      params: { code: 'parameter_invalid_integer' },
      abort: true,
    })
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** An optional value whose empty form field counts as missing. */
export const filled = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

/** The parameters of a request that takes none. */
export const noParameters = z.strictObject({});

/** Names and values that the client stores with an object. */
export const metadata = z
  .record(text(40), text(500))
  .refine((given) => Object.keys(given).length <= 50, 'At most 50 keys')
  .default({});

/** The references that the caller wants as objects. */
export const expand = <Name extends string>(...names: Name[]) =>
  z.array(z.enum(names, 'This property cannot be expanded')).max(20).default([]);

/**
 * Reads parameters.
 * @throws Refusal for the first invalid one, in Stripe's words
 */
export function readParameters<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given ?? {});
  if (!parsed.success) throw refusalOf(parsed.error.issues, given);
  return parsed.data;
}

function refusalOf([issue]: z.core.$ZodIssue[], given: unknown): Refusal {
  if (issue === undefined) throw new Error('A refusal without a reason');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => parameterName([...issue.path, key]));
    const message = `Received unknown parameter${names.length === 1 ? '' : 's'}: ${names.join(', ')}`;
    return invalidRequest(message, { code: 'parameter_unknown', param: names[0] ?? '' });
  }
  const param = parameterName(issue.path);
  if (valueAt(given, issue.path) === undefined) {
    return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  const code = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  return invalidRequest(issue.message, { code: String(code ?? 'parameter_invalid'), param });
}

/** The name of a nested parameter as the client sent it: `line_items[0][quantity]`. */
function parameterName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (index === 0 ? String(key) : `[${String(key)}]`)).join('');
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    given,
  );
}

/** The beginning of the identifiers of each kind. A control panel's event may have any identifier. */
const prefixes = {
  'checkout.session': 'cs_',
  payment_intent: 'pi_',
  charge: 'ch_',
  refund: 're_',
  coupon: 'cpn_',
  event: '',
} as const;

/**
 * Finds an object by its identifier.
 * @throws Refusal when it does not exist; `param` names the parameter with the identifier
 */
export async function findOrRefuse<Found>(
  kind: keyof typeof prefixes,
  id: string,
  find: (id: string) => Promise<Found | undefined>,
  param = 'id',
): Promise<Found> {
  const found = isIdentifier(id, prefixes[kind]) ? await find(id) : undefined;
  if (found === undefined) throw missing(kind, id, param);
  return found;
}
