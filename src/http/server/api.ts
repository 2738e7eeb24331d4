import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { TokenScope } from "../../store/api-tokens.ts";

/** Where the routes of the API are added; their shapes are zod's. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Only tokens with this scope may use the route. */
export function byScope(scope: TokenScope): { readonly config: { readonly scope: TokenScope } } {
  return { config: { scope } };
}
