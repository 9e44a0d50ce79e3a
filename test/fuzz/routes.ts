import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import type { VisitedRoutes } from '../support/visited-routes.ts';
import type { Schema } from './values.ts';

/** A route of the shop: the schemas of what it takes, and its part of the OpenAPI document. */
export interface Route {
  /** As in `POST /checkout/:key`. */
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly isForOperators: boolean;
  /** Each is empty where the route has no schema. */
  readonly params: Schema;
  readonly query: Schema;
  readonly headers: Schema;
  readonly body: Schema;
  /** Undefined for the routes of pages, which the document leaves out. */
  readonly operation: OpenAPIV3_1.OperationObject | undefined;
}

/** Every route of the shop, with the schemas that it checks requests by. */
export function routesOf({ registered }: VisitedRoutes, document: OpenAPIV3_1.Document): Route[] {
  const operations = operationsOf(document);
  return [...registered].map(([name, { schema }]) => {
    const [method = '', url = ''] = name.split(' ');
    return {
      name,
      method,
      url,
      isForOperators: schema?.security !== undefined,
      params: schemaOf(schema?.params),
      query: schemaOf(schema?.querystring),
      headers: schemaOf(schema?.headers),
      body: schemaOf(schema?.body),
      operation: operations.get(name),
    };
  });
}

/** The operations of the document by the names of their routes. */
function operationsOf({ paths = {} }: OpenAPIV3_1.Document): Map<string, OpenAPIV3_1.OperationObject> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
      return [name, operation as OpenAPIV3_1.OperationObject] as const;
    }),
  );
  return new Map(operations);
}

function schemaOf(schema: unknown): Schema {
  if (!(schema instanceof z.ZodType)) return {};
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
}
