import { readRecipient } from "../../store/invited.ts";
import type { RecipientRow } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { type Api, byScope } from "./api.ts";
import { type Caller, callerOf } from "./caller.ts";
import type { ServerParts } from "./parts.ts";
import { notThere, Problem, problems } from "./problem.ts";
import { given, operation, rowParams } from "./schemas.ts";
import { refusedAct } from "./sharing-problems.ts";
import type { Acted, Sharings } from "./sharing-parts.ts";
import { ownSharing } from "./sharing-routes.ts";
import { actedSchema, chosenSchema, recipientAnsweredSchema, recipientParams } from "./sharing-schemas.ts";

/** What is done about recipients of a sharing, and what they say. */
export function recipientRoutes(api: Api, parts: ServerParts): void {
  for (const act of acts) actRoute(api, parts, act);
  removeRoute(api, parts);
  for (const answer of ["accepted", "refused"] as const) answerRoute(api, parts, answer);
}

interface Act {
  readonly name: keyof Pick<Sharings, "remind" | "revoke" | "resend">;
  readonly summary: string;
}

const acts: readonly Act[] = [
  { name: "remind", summary: "Remind whoever has not answered" },
  { name: "revoke", summary: "Take a sharing back; whoever may have the invitation is told" },
  { name: "resend", summary: "Send the invitation once more to whoever is known not to have it" },
];

function actRoute(api: Api, { store, sharings }: ServerParts, { name, summary }: Act): void {
  const schema = {
    ...operation(`${name}Sharing`, summary, "sharings:write"),
    params: rowParams,
    body: chosenSchema,
    response: { 200: given("Done, and mails planned where there are any.", actedSchema), ...problems },
  };
  api.post(`/sharings/:id/${name}`, { ...byScope("sharings:write"), schema }, async (request) => {
    const caller = callerOf(request);
    const recipient = request.body?.recipient ?? null;
    const acted = await store.transaction(async (db) => {
      const { id } = await ownSharing(db, caller, request.params.id);
      return sharings[name](db, { sharingId: id, recipient, by: caller.by });
    });
    return doneOf(acted);
  });
}

function removeRoute(api: Api, { store, sharings }: ServerParts): void {
  const schema = {
    ...operation("revokeRecipient", "Take a sharing back from one recipient", "sharings:write"),
    params: recipientParams,
    response: { 200: given("Done; he is told where he may have the invitation.", actedSchema), ...problems },
  };
  api.delete(
    "/sharings/:id/recipients/:recipient",
    { ...byScope("sharings:write"), schema },
    async (request) => {
      const caller = callerOf(request);
      const acted = await store.transaction(async (db) => {
        const { sharing_id: sharingId, id } = await ownRecipient(db, caller, request.params);
        return sharings.revoke(db, { sharingId, recipient: id, by: caller.by });
      });
      return doneOf(acted);
    },
  );
}

function answerRoute(api: Api, { store, sharings }: ServerParts, answer: "accepted" | "refused"): void {
  const schema = {
    ...operation(
      answer === "accepted" ? "recipientAccepted" : "recipientRefused",
      `Note that a recipient has ${answer}, as the application tells in which he did`,
      "sharings:write",
    ),
    params: recipientParams,
    response: { 200: given("Noted.", recipientAnsweredSchema), ...problems },
  };
  api.post(
    `/sharings/:id/recipients/:recipient/${answer}`,
    { ...byScope("sharings:write"), schema },
    async (request) => {
      const caller = callerOf(request);
      const row = await store.transaction(async (db) => {
        const { id } = await ownRecipient(db, caller, request.params);
        const answered = await sharings.answered(db, id, { answer, by: caller.by });
        if (answered.kind === "ended") throw ended(answered.because);
        return ownRecipient(db, caller, request.params);
      });
      return { id: row.id, state: row.state };
    },
  );
}

async function ownRecipient(
  db: Db,
  caller: Caller,
  { id, recipient }: { readonly id: string; readonly recipient: string },
): Promise<RecipientRow> {
  const sharing = await ownSharing(db, caller, id);
  const row = await readRecipient(db, recipient);
  if (row === undefined || row.sharing_id !== sharing.id) throw notThere("recipient");
  return row;
}

/** Lists as JSON has them; throws where nothing was done. */
function doneOf(acted: Acted): { done: string[]; left: { address: string; because: string }[] } {
  if (acted.kind === "refused") throw refusedAct(acted);
  return { done: [...acted.done], left: [...acted.left] };
}

function ended(because: "revoked" | "expired"): Problem {
  return new Problem({
    status: 409,
    reason: because,
    detail: "The sharing has ended for this recipient; what he says now changes nothing.",
  });
}
