import swagger from "@fastify/swagger";
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
    transformObject: jsonSchemaTransformObject,
  });
}
