import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { contentSecurityPolicy } from '../shared/security-headers.ts';

const tags = [
  { name: 'shop', description: 'Products, checkouts and orders' },
  { name: 'payment provider', description: 'Events of the payment provider' },
  {
    name: 'operator',
    description: 'Stock, refunds, reconciliation and attention items, with the operator token',
  },
  { name: 'demonstration', description: 'Only in a demonstration, never in production' },
  { name: 'health', description: 'Liveness and readiness' },
];

export interface DocumentOptions {
  /** The shop's own version. */
  readonly version: string;
  /** The origin under which clients reach the shop. */
  readonly publicUrl: string;
  /** Whether the routes of operators are listed. */
  readonly documentsOperators: boolean;
}

/** Serves OpenAPI generated from the schemas of the routes: as a page at `/docs`, as JSON at `/docs/json`. Register it first. */
export async function documentRoutes(
  server: FastifyInstance,
  { version, publicUrl, documentsOperators }: DocumentOptions,
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description:
          'A storefront and checkout that loses neither an order nor a cent. A client that prefers HTML gets a page instead of a problem.',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl }],
      // No authentication, unless an operation says otherwise.
      security: [],
      tags,
      components: {
        ...(documentsOperators && {
          securitySchemes: {
            operator: { type: 'http', scheme: 'bearer', description: 'The operator token' },
          },
        }),
      },
    },
    transform: (source) => {
      const { schema, url } = jsonSchemaTransform(source);
      const isHidden = !documentsOperators && isForOperators(source.schema);
      return { schema: isHidden ? { hide: true } : schema, url };
    },
    hideUntagged: true,
    transformObject: (source) => tidy(jsonSchemaTransformObject(source) as OpenAPIV3_1.Document),
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    // Without the bar at the top, whose logo has a style inside the page.
    uiConfig: { layout: 'BaseLayout' },
    // Its style sheet has pictures in `data:` addresses.
    staticCSP: contentSecurityPolicy({ dataImages: true, https: publicUrl.startsWith('https:') }),
  });
}

function isForOperators(schema: FastifySchema | undefined): boolean {
  return schema?.security?.some((requirement) => 'operator' in requirement) ?? false;
}

/** Corrects what the generators cannot express: optional bodies, and no tags and components that no listed route uses. */
function tidy(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const operations = Object.values(document.paths ?? {}).flatMap((path) =>
    Object.values(path ?? {}),
  ) as OpenAPIV3_1.OperationObject[];
  for (const { requestBody } of operations) {
    if (requestBody) markOptional(requestBody as OpenAPIV3_1.RequestBodyObject);
  }
  const usedTags = new Set(operations.flatMap((operation) => operation.tags ?? []));
  return {
    ...document,
    tags: tags.filter(({ name }) => usedTags.has(name)),
    components: { ...document.components, schemas: usedSchemas(document) },
  };
}

/** The components that the routes refer to, directly or through others. The type provider adds those of all schemas with an id. */
function usedSchemas({ paths, components }: OpenAPIV3_1.Document): Record<string, OpenAPIV3_1.SchemaObject> {
  const all = Object.entries(components?.schemas ?? {});
  const used = new Set<string>();
  const collect = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      collect(components?.schemas?.[name]);
    }
  };
  collect(paths);
  return Object.fromEntries(all.filter(([name]) => used.has(name)));
}

/** A body that may be null may be left out. @fastify/swagger calls every body required. */
function markOptional(body: OpenAPIV3_1.RequestBodyObject): void {
  for (const media of Object.values(body.content)) {
    const { anyOf = [], ...rest } = media.schema as OpenAPIV3_1.SchemaObject;
    const [schema, nothing] = anyOf as OpenAPIV3_1.SchemaObject[];
    if (nothing?.type !== 'null') continue;
    body.required = false;
    media.schema = { ...rest, ...schema };
  }
}
