import fc, { type Arbitrary } from 'fast-check';
import { type Body, type Content, spoiling } from './bodies.ts';
import { paymentEvents } from './events.ts';
import type { Route } from './routes.ts';
import { Known, known, nearly, nonsense, type Schema, trickyText, valid } from './values.ts';

// Requests to a route: careful ones, ones with one careless part, and wild ones.

/** A request before the shop's own values are put in, as a failed run prints it. */
export interface Draft {
  readonly route: string;
  readonly method: string;
  /** Between the slashes of the path. A value is encoded, `raw` text is sent as it is. */
  readonly segments: readonly (Known | { readonly value: unknown } | { readonly raw: string })[];
  readonly query: { readonly value: unknown } | { readonly raw: string };
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body | null;
}

const parts = ['segments', 'query', 'headers', 'body'] as const;
type Part = (typeof parts)[number];
type Care = 'valid' | 'nearly' | 'nonsense';

/** Requests to one route. */
export function requestsTo(route: Route): Arbitrary<Draft> {
  const careful: Record<Part, Care> = { segments: 'valid', query: 'valid', headers: 'valid', body: 'valid' };
  const oneCareless = (care: Care) => parts.map((part) => drafts(route, { ...careful, [part]: care }));
  const wild = { segments: 'valid', query: 'nonsense', headers: 'nonsense', body: 'nonsense' } as const;
  return fc.oneof(
    { weight: 6, arbitrary: drafts(route, careful) },
    { weight: 5, arbitrary: fc.oneof(...oneCareless('nearly')) },
    { weight: 2, arbitrary: fc.oneof(...oneCareless('nonsense')) },
    { weight: 1, arbitrary: drafts(route, wild) },
  );
}

function drafts(route: Route, care: Readonly<Record<Part, Care>>): Arbitrary<Draft> {
  return fc.record({
    route: fc.constant(route.name),
    method: methods(route, care.headers),
    segments: segments(route, care.segments),
    query: queries(route, care.query),
    headers: headers(route, care.headers),
    body: bodies(route, care.body),
  });
}

function methods({ method }: Route, care: Care): Arbitrary<string> {
  if (care !== 'nonsense') return fc.constant(method);
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'X'];
  return fc.oneof({ weight: 3, arbitrary: fc.constant(method) }, fc.constantFrom(...others));
}

const rawSegment = fc.constantFrom(
  '%',
  '%00',
  '%zz',
  '%ED%A0%80',
  '%FF%FE',
  '%2e%2e%2f',
  'a%2Fb',
  '..',
  '',
  '/',
  ';',
  ':',
  '*',
  'x'.repeat(900),
  'x'.repeat(1_500),
);

function segments({ url, params }: Route, care: Care): Arbitrary<Draft['segments']> {
  const { properties = {} } = params;
  const each = url
    .split('/')
    .slice(1)
    .map((segment) => {
      const name = segment.replace(/^:/, '');
      if (!/^[:*]/.test(segment)) return fc.constant({ raw: segment });
      return segmentOf(properties[name] ?? { type: 'string' }, name, care);
    });
  return fc.tuple(...each);
}

function segmentOf(schema: Schema, name: string, care: Care): Arbitrary<Draft['segments'][number]> {
  const right = valid(schema, name).map((value) => (value instanceof Known ? value : { value }));
  switch (care) {
    case 'valid':
      return right;
    case 'nearly':
      return nearly(valid(schema, name)).map((value) => ({ value }));
    case 'nonsense':
      return fc.oneof(
        rawSegment.map((raw) => ({ raw })),
        nonsense.map((value) => ({ value })),
      );
  }
}

const rawQuery = fc.constantFrom(
  '?',
  '?%',
  '?=',
  '?&&&',
  '?__proto__=1&constructor[prototype]=2',
  '?before=1&before=2',
  '?q[]=a&q[$gt]=',
  '?qty=%00&added=%ED%A0%80',
  `?q=${'x'.repeat(5_000)}`,
  `?${'a&'.repeat(3_000)}`,
);

function queries({ query }: Route, care: Care): Arbitrary<Draft['query']> {
  const right = query.type === undefined ? fc.constant({}) : valid(query);
  switch (care) {
    case 'valid':
      return right.map((value) => ({ value }));
    case 'nearly':
      return nearly(right).map((value) => ({ value }));
    case 'nonsense':
      return fc.oneof(
        rawQuery.map((raw) => ({ raw })),
        fc.dictionary(trickyText, nonsense, { maxKeys: 3 }).map((value) => ({ value })),
      );
  }
}

const accepted = fc.constantFrom(
  undefined,
  'application/json',
  'text/html,application/xhtml+xml,*/*;q=0.8',
  'text/plain',
  '*/*',
);

function headers(route: Route, care: Care): Arbitrary<Draft['headers']> {
  const right = fc.record({
    accept: accepted,
    cookie: fc.option(known('cookie'), { nil: undefined }),
    origin: fc.option(known('origin'), { nil: undefined }),
    // The crash would end the test, so nobody may crash.
    authorization:
      route.isForOperators && route.url !== '/crash_application'
        ? known('authorization')
        : fc.constant(undefined),
    'idempotency-key': route.headers.properties?.['idempotency-key']
      ? fc.option(known('key'), { nil: undefined })
      : fc.constant(undefined),
    // The shop is told to trust one proxy, so that its limits per address leave these requests alone.
    'x-forwarded-for': fc.ipV4(),
  });
  if (care === 'valid') return right;
  const changes = fc.dictionary(headerName, headerValue, { minKeys: 1, maxKeys: care === 'nearly' ? 1 : 6 });
  return fc.tuple(right, changes).map(([all, changed]) => ({ ...all, ...changed }));
}

const headerName = fc.constantFrom(
  'accept',
  'accept-encoding',
  'authorization',
  'content-encoding',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'origin',
  'range',
  'referer',
  'sec-fetch-site',
  'stripe-signature',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-http-method-override',
);

const headerValue = fc.oneof(
  known('cookie'),
  fc.constantFrom(
    '',
    '*',
    '*/*;q=0',
    'text/html;q=x, application/json;q=1e9',
    'text/html',
    'application/json; charset=utf-16',
    'application/JSON',
    'application/json, text/html',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'gzip, br;q=0',
    'identity',
    'null',
    'none',
    'cross-site',
    'https://evil.example',
    '[::1]',
    'localhost:99999',
    'a, b, , c',
    'Basic Og==',
    'Basic !',
    'Bearer',
    'Bearer x y',
    'browser=%; browser=s%3Aa.b; =; __proto__=1',
    'bytes=0-,-1',
    't=1,v1=zz',
    '"',
    '\u00FF\u0080',
    '-1',
    'x'.repeat(1_000),
  ),
);

const bodyTypes = fc.constantFrom(
  undefined,
  '',
  '/',
  'application/json',
  'application/json;charset=latin1',
  'application/problem+json',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/octet-stream',
  'multipart/form-data; boundary=x',
  'text/plain',
  'a'.repeat(300),
);

function bodies(route: Route, care: Care): Arbitrary<Body | null> {
  const { method, body: schema } = route;
  if (method === 'GET' && care !== 'nonsense') return fc.constant(null);
  if (route.url === '/payment_webhook' && care !== 'nonsense') return paymentEvents(care === 'nearly');
  const right = Object.keys(schema).length === 0 ? fc.constant(undefined) : valid(schema);
  switch (care) {
    case 'valid':
      return right.chain((value) => encoded(route, value));
    case 'nearly':
      return fc.oneof(
        { weight: 3, arbitrary: nearly(right).chain((value) => encoded(route, value)) },
        fc
          .tuple(
            right.chain((value) => encoded(route, value)),
            bodyTypes,
          )
          .map(([body, type]) => body && { ...body, type }),
        fc
          .tuple(
            right.chain((value) => encoded(route, value)),
            spoiling,
          )
          .map(([body, spoilt]) => body && { ...body, spoilt }),
      );
    case 'nonsense':
      return fc.record({
        type: bodyTypes,
        content: contents,
        spoilt: fc.option(spoiling),
        signature: fc.constant(null),
      });
  }
}

// Longer than both limits, below them, and deeper than a recursive function can go.
const contents: Arbitrary<Content> = fc.oneof(
  nonsense.map((json) => ({ json })),
  fc.dictionary(trickyText, nonsense).map((form) => ({ form })),
  trickyText.map((text) => ({ text })),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ hex: Buffer.from(bytes).toString('hex') })),
  fc.constantFrom(10, 1_000, 30_000).map((nested) => ({ nested })),
  fc.constantFrom(64 * 1024, 70_000, 256 * 1024, 300_000).map((long) => ({ long })),
);

/** A value as its route takes it: pages take forms, everything else JSON, and each the other as well. */
function encoded({ operation }: Route, value: unknown): Arbitrary<Body | null> {
  if (value === undefined || value === null) return fc.constant(null);
  const json: Body = { type: 'application/json', content: { json: value }, spoilt: null, signature: null };
  const form: Body = { ...json, type: 'application/x-www-form-urlencoded', content: { form: value } };
  const [usual, other] = operation ? [json, form] : [form, json];
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, fc.constant(other));
}
