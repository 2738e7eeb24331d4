import swagger, { type SwaggerTransformObject } from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Api } from "./api.ts";

/** Describes the routes that are added after it. */
export async function describeApi(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Usher",
        version: "1",
        description:
          "Share notifications and the subscriptions that came of them. A token of an account sees that account only; " +
          "one of the administrator sees all.",
      },
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description: "Made by: usher token add. The scopes that an operation needs stand beside it.",
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidy(jsonSchemaTransformObject(document)),
  });
}

type Described = ReturnType<SwaggerTransformObject>;

/**
 * The generator describes each schema once more for requests, which here share none with answers, and calls every body
 * required, also those whose fields may all be left out.
 */
function tidy(document: Described): Described {
  if (!("components" in document)) return document;
  const schemas: Record<string, unknown> = document.components.schemas ?? {};
  for (const name of Object.keys(schemas)) if (name.endsWith("Input")) delete schemas[name];
  for (const path of Object.values(document.paths ?? {})) {
    const body = path?.post?.requestBody;
    if (body !== undefined && "content" in body) body.required = false;
  }
  return document;
}
