import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../src/domain/errors.ts';
import { problemMediaType, problemTypes } from '../../src/http/errors.ts';
import type { Route } from './routes.ts';
import type { Answer, Sent } from './send.ts';

/** The answers that the OpenAPI document allows, by route and status. */
export type Documentation = ReadonlyMap<string, ReadonlyMap<number, DocumentedAnswer> | null>;

interface DocumentedAnswer {
  readonly codes: ReadonlySet<string>;
  readonly schemas: ReadonlyMap<string, z.ZodType>;
}

/** Reads the document once. A route that it leaves out has null. */
export function documentationOf(routes: readonly Route[], document: OpenAPIV3_1.Document): Documentation {
  const $defs = forZod(document.components?.schemas ?? {});
  const answersOf = ({ responses = {} }: OpenAPIV3_1.OperationObject) =>
    new Map(
      Object.entries(responses).map(
        ([status, answer]) => [Number(status), readAnswer(forZod(answer), $defs)] as const,
      ),
    );
  return new Map(routes.map(({ name, operation }) => [name, operation ? answersOf(operation) : null]));
}

/** The same, with its references to components where zod finds them. */
function forZod<Part>(part: Part): Part {
  return JSON.parse(JSON.stringify(part).replaceAll('#/components/schemas/', '#/$defs/')) as Part;
}

function readAnswer(response: unknown, $defs: object): DocumentedAnswer {
  const { description, content = {} } = response as OpenAPIV3_1.ResponseObject;
  const schemas = Object.entries(content).map(
    ([type, { schema }]) => [type, z.fromJSONSchema({ ...schema, $defs } as never)] as const,
  );
  const codes = [...description.matchAll(/`(\w+)`: /g)].map(([, code = '']) => code);
  return { codes: new Set(codes), schemas: new Map(schemas) };
}

/** Refusals of an address that no route has, or not for this method, and of messages that are no request. */
const withoutRoute: readonly ErrorCode[] = [
  'malformed_request',
  'headers_too_large',
  'not_found',
  'method_not_allowed',
  'invalid_input',
  'malformed_body',
  'cross_site',
  'body_too_large',
  'unsupported_media_type',
];

/** The faults of an answer; none when it is as documented. */
export function faultsOf(request: Sent, answer: Answer, documentation: Documentation): string[] {
  const documented = documentation.get(answer.route.replace(/^HEAD /, 'GET '));
  const checks = answer.status < 400 ? [faultOfPlace(answer)] : [faultOfRefusal(request, answer, documented)];
  if (documented && answer.status < 400) checks.push(faultOfSuccess(request, answer, documented));
  return checks.filter((fault) => fault !== null);
}

type OfRoute = ReadonlyMap<number, DocumentedAnswer> | null | undefined;

function faultOfRefusal(request: Sent, answer: Answer, documented: OfRoute): string | null {
  const { status, headers, text } = answer;
  if (status === 405 && headers['allow'] === undefined) return 'a method is refused without Allow';
  const type = mediaTypeOf(answer);
  if (request.method === 'HEAD') return status < 500 ? null : `status ${status}`;
  if (type === 'text/html') {
    const asked = request.headers['accept']?.includes('text/html') === true;
    if (documented && !asked) return 'a page that nobody asked for';
    const isAllowed = status < 500 || documented?.has(status) === true;
    return isAllowed && text.includes('<h1') ? null : `a page of status ${status}`;
  }
  if (type !== problemMediaType) return `a refusal of type ${type}`;
  const { code, status: stated } = JSON.parse(text) as { code: ErrorCode; status: number };
  if (problemTypes[code]?.status !== status || stated !== status) return `${code} with status ${status}`;
  return allows(documented, status, code) ? null : `${code} (${status}) is not documented`;
}

function allows(documented: OfRoute, status: number, code: ErrorCode): boolean {
  // Pages and programs have the same codes, and a page has no place to document them.
  if (documented === null) return status < 500 && errorCodes.includes(code);
  if (documented === undefined) return withoutRoute.includes(code);
  return documented.get(status)?.codes.has(code) === true;
}

function faultOfSuccess({ method }: Sent, answer: Answer, documented: NonNullable<OfRoute>): string | null {
  const { status, text } = answer;
  const expected = documented.get(status);
  if (!expected) return `status ${status} is not documented`;
  const type = mediaTypeOf(answer);
  if (method === 'HEAD' || (expected.schemas.size === 0 && text === '')) return null;
  const schema = expected.schemas.get(type);
  if (!schema) return `${type} is not documented for status ${status}`;
  const { error } = schema.safeParse(type === 'application/json' ? JSON.parse(text) : text);
  return error ? `status ${status} does not match its schema: ${error.message}` : null;
}

/** A redirect leads to the shop itself, or to the payment page. */
function faultOfPlace({ status, headers: { location } }: Answer): string | null {
  if (status < 300 || status === 304) return null;
  const isOurs =
    typeof location === 'string' && /^(\/(?![/\\])|\.\/|http:\/\/127\.0\.0\.1:\d+\/pay\/)/.test(location);
  return isOurs ? null : `status ${status} leads to ${String(location)}`;
}

function mediaTypeOf({ headers }: Answer): string {
  return String(headers['content-type'] ?? '').split(';')[0] ?? '';
}
