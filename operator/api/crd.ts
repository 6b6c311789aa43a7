/** zod schema -> CustomResourceDefinition. */
import { z } from "zod";
import { API_VERSION, GROUP, VERSION } from "./names.ts";
import type { Resource } from "./resources.ts";

/** A node of the OpenAPI v3 subset that a structural schema may use. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema | boolean;
  required?: string[];
  default?: unknown;
  enum?: unknown[];
  [keyword: string]: unknown;
}

/** Keywords that zod writes and a CRD forbids or that mean nothing there. */
const DROPPED_KEYWORDS = ["propertyNames", "$schema"];

/** Lowest values that zod writes for a number format, where the schema sets no bounds of its own. */
const FORMAT_MINIMUMS: readonly unknown[] = [-(2 ** 31), Number.MIN_SAFE_INTEGER];

/**
 * Without the bounds that only repeat what the CRD's `format` says already: int32 and int64. A number of
 * the spec has its own bounds in CEL, because for `minimum` and `maximum` the API server answers in its
 * own words.
 */
function withoutFormatBounds(node: StructuralSchema): StructuralSchema {
  if (node.type !== "integer") return node;
  const { minimum, maximum, ...rest } = node;
  const own = !FORMAT_MINIMUMS.includes(minimum);
  return { ...rest, ...(own && { minimum, maximum }), format: rest.format ?? "int32" };
}

function mapChildren(
  node: StructuralSchema,
  change: (child: StructuralSchema) => StructuralSchema,
): StructuralSchema {
  const { properties, items, additionalProperties } = node;
  return {
    ...node,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, child]) => [name, change(child)]),
      ),
    }),
    ...(items && { items: change(items) }),
    ...(typeof additionalProperties === "object" && {
      additionalProperties: change(additionalProperties),
    }),
  };
}

/**
 * A number or a text as Kubernetes' own fields have it. The one form of `anyOf` with types that a structural schema may
 * have says no more than the keyword does.
 */
function intOrString(node: StructuralSchema): StructuralSchema {
  if (!node["x-kubernetes-int-or-string"]) return node;
  const { anyOf, ...rest } = node;
  const texts = (anyOf as StructuralSchema[]).find(({ type }) => type === "string");
  return { ...rest, maxLength: texts?.maxLength };
}

/** What zod emits, cut to what a structural schema may hold, all the way down. */
function structural(node: StructuralSchema): StructuralSchema {
  const kept = Object.fromEntries(
    Object.entries(node).filter(([keyword]) => !DROPPED_KEYWORDS.includes(keyword)),
  );
  return mapChildren(intOrString(withoutFormatBounds(kept)), structural);
}

/** The OpenAPI schema of a resource, apiVersion, kind and metadata included. */
export function openApiSchema({ kind, schema }: Resource): StructuralSchema {
  const emitted = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    reused: "inline",
  }) as StructuralSchema;
  const made = structural(emitted);
  return {
    ...made,
    properties: {
      apiVersion: { type: "string", description: `Always ${API_VERSION}.` },
      kind: { type: "string", description: `Always ${kind}.` },
      metadata: { type: "object" },
      ...made.properties,
    },
  };
}

/** The CustomResourceDefinition of a resource, as a plain object. */
export function customResourceDefinition(resource: Resource): Record<string, unknown> {
  const { kind, plural, shortName, scope, printerColumns } = resource;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ["health-policies"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: openApiSchema(resource) },
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
        },
      ],
    },
  };
}
