import fc, { type Arbitrary } from 'fast-check';

// Values for requests: valid ones by a JSON schema, the same with one fault, and nonsense.

/** The part of a JSON schema that the shop's schemas use. */
export interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** A value that the shop knows, such as the number of an order. It is put in when the request is sent. */
export class Known {
  /** @param nth counts from the newest */
  constructor(
    readonly known: KnownName,
    readonly nth: number,
  ) {}
}

export type KnownName =
  | (typeof knownNames)[keyof typeof knownNames]
  | 'authorization'
  | 'charge'
  | 'cookie'
  | 'correlation'
  | 'origin'
  | 'orderText'
  | 'orderUrl'
  | 'session'
  | 'total';

/** The fields of requests whose values exist in the shop, by name. */
const knownNames = {
  sku: 'sku',
  added: 'sku',
  removed: 'sku',
  order: 'order',
  order_id: 'order',
  before: 'order',
  token: 'token',
  payment_id: 'session',
  key: 'key',
  'idempotency-key': 'key',
  fingerprint: 'fingerprint',
  attention_id: 'attention',
  email_id: 'email',
  refund: 'refund',
  '*': 'file',
} as const;

const ofTheShop = 20;
const itemsAtMost = 4;

/** Values that the schema allows, most of them known to the shop where the name of the field says so. */
export function valid(schema: Schema, name = ''): Arbitrary<unknown> {
  const free = freely(schema);
  if (!Object.hasOwn(knownNames, name)) return free;
  return fc.oneof({ weight: 4, arbitrary: known(knownNames[name as keyof typeof knownNames]) }, free);
}

/** One of the newest values of this name. */
export function known(name: KnownName): Arbitrary<Known> {
  return fc.nat({ max: ofTheShop }).map((nth) => new Known(name, nth));
}

function freely(schema: Schema): Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valid(one)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch (schema.type ?? 'any') {
    case 'object':
      return objects(schema);
    case 'array':
      return fc.array(valid(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? itemsAtMost, itemsAtMost),
      });
    case 'integer':
      return integers(schema);
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return strings(schema);
    default:
      // Checked by the handler, which expects a small number in a form.
      return fc.oneof(fc.constantFrom('0', '1', '2'), fc.jsonValue({ maxDepth: 2 }));
  }
}

function objects({ properties = {}, required = [] }: Schema): Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, valid(schema, name)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

// Small ones in most cases: a large one is out of stock, or more than was paid.
function integers({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): Arbitrary<number> {
  const small = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 3) });
  return fc.oneof({ weight: 4, arbitrary: small }, fc.maxSafeInteger().map(within(minimum, maximum)));
}

const within = (least: number, most: number) => (number: number) => Math.min(Math.max(number, least), most);

function strings({ format, pattern, minLength = 0, maxLength = 300 }: Schema): Arbitrary<string> {
  if (format?.endsWith('email')) return fc.emailAddress({ size: 'small' });
  if (pattern !== undefined) return textsMatching(pattern);
  return fc.string({ unit: 'grapheme', minLength, maxLength });
}

// Making one takes up to a second, because it tries every character there is.
const textsByPattern = new Map<string, Arbitrary<string>>();

function textsMatching(pattern: string): Arbitrary<string> {
  const texts = textsByPattern.get(pattern) ?? fc.stringMatching(new RegExp(pattern, 'u'));
  textsByPattern.set(pattern, texts);
  return texts;
}

/** Text of any UTF-16 code units, halves of surrogate pairs among them. */
const codeUnits = fc
  .array(fc.nat({ max: 0xff_ff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

/** Texts that programs take for something else. */
export const trickyText = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\uD800',
  '\uDFFF\uD800',
  '\uFEFF',
  '\u202E\u2028',
  '__proto__',
  'constructor',
  'toString',
  "' or 1=1 --",
  '${1+1}{{1+1}}',
  '<script>',
  '../../../etc/passwd',
  '%00',
  '\r\nset-cookie: a=b',
  '-0',
  '0x1F',
  '1e400',
  'NaN',
  'null',
  '١',
  '９',
  '9'.repeat(400),
  'a'.repeat(1_000),
);

const trickyNumber = fc.constantFrom(
  -1,
  -0,
  0,
  0.5,
  1e-320,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  1e21,
  1e308,
  -1e308,
);

/** Values of any type, as JSON can carry them. */
export const nonsense: Arbitrary<unknown> = fc.oneof(
  trickyText,
  trickyNumber,
  codeUnits,
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, true, false),
  fc.constantFrom([], {}, [[]], [null], { length: 1 }),
  fc.jsonValue(),
);

/** The same value with one fault: a part is missing, doubled, another value, or one that nobody asked for. */
export function nearly(values: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(values, fc.nat({ max: 1_000 }), fc.constantFrom(...faults), nonsense, trickyText)
    .map(([value, place, spoil, other, name]) => {
      const places = placesOf(value);
      const path = places[place % places.length] ?? [];
      const faulty = changed(value, path, (part) => spoil(part, other, name));
      return faulty === missing ? undefined : faulty;
    });
}

const missing = Symbol('missing');

type Fault = (part: unknown, other: unknown, name: string) => unknown;

const faults: readonly Fault[] = [
  () => missing,
  (_part, other) => other,
  (part) => [part, part],
  (part) => asText(part),
  (part) => (typeof part === 'number' ? part + 0.5 : `${asText(part)}\0`),
  (part, other, name) => (isPlain(part) ? withOwn(part, name, other) : { [name]: part }),
];

/** Text as it is, and anything else as JSON. */
export function asText(part: unknown): string {
  return typeof part === 'string' ? part : (JSON.stringify(part) ?? '');
}

// `__proto__` as a property of its own, as JSON carries it.
function withOwn(object: object, name: string, value: unknown): object {
  return Object.defineProperty({ ...object }, name, { value, enumerable: true, configurable: true });
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Known);
}

/** The paths to every part of a value, itself first. */
function placesOf(value: unknown): (readonly string[])[] {
  const parts = Array.isArray(value) || isPlain(value) ? Object.entries(value) : [];
  return [[], ...parts.flatMap(([name, part]) => placesOf(part).map((path) => [name, ...path]))];
}

function changed(
  value: unknown,
  [name, ...rest]: readonly string[],
  change: (part: unknown) => unknown,
): unknown {
  if (name === undefined) return change(value);
  const part = changed((value as Record<string, unknown>)[name], rest, change);
  if (Array.isArray(value))
    return value.flatMap((one: unknown, at) =>
      String(at) !== name ? [one] : part === missing ? [] : [part],
    );
  const { [name]: _old, ...others } = value as Record<string, unknown>;
  return part === missing ? others : withOwn(others, name, part);
}

/** The value with every known part put in. */
export function filled(value: unknown, find: (known: Known) => unknown): unknown {
  if (value instanceof Known) return find(value);
  if (Array.isArray(value)) return value.map((part) => filled(part, find));
  if (!isPlain(value)) return value;
  return Object.entries(value).reduce(
    (object, [name, part]) => withOwn(object, name, filled(part, find)),
    {},
  );
}
