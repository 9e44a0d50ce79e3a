import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';

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

/**
 * Serves OpenAPI generated from the schemas of the routes: as a page at `/docs`, as JSON at `/docs/json`. Register it first.
 * @param version the shop's own version
 * @param publicUrl the origin under which clients reach the shop
 */
export async function documentRoutes(
  server: FastifyInstance,
  { version, publicUrl }: { readonly version: string; readonly publicUrl: string },
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
        securitySchemes: {
          operator: { type: 'http', scheme: 'bearer', description: 'The operator token' },
        },
      },
    },
    transform: jsonSchemaTransform,
    hideUntagged: true,
    transformObject: (source) => tidy(jsonSchemaTransformObject(source) as OpenAPIV3_1.Document),
  });
  await server.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}

/** Corrects what the generators cannot express: optional bodies, and one component for each schema with an id. */
function tidy(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  for (const path of Object.values(document.paths ?? {})) {
    if (path?.post?.requestBody) markOptional(path.post.requestBody as OpenAPIV3_1.RequestBodyObject);
  }
  // The type provider adds a second component for requests, which nothing refers to.
  const schemas = Object.entries(document.components?.schemas ?? {}).filter(
    ([name]) => !name.endsWith('Input'),
  );
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } };
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
