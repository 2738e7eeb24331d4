import { readTypedCozy } from "../../domain/typed-cozy.ts";
import type { DiscoveryProblem } from "../../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { learnInstance } from "../../store/contacts.ts";
import { type CozyMemberRow, updateCozyMember } from "../../store/cozy-sharings.ts";
import { discoveryForm } from "../discovery-form.ts";
import { moveMember } from "../members.ts";
import { registerAt } from "../oauth/at-cozy.ts";
import { ownMetadata, type RegisteredClient } from "../oauth/metadata.ts";
import type { InstanceParts } from "../parts.ts";
import { sealClient } from "./credentials.ts";
import { asItStands } from "./sharer-answer.ts";
import type { Place } from "./sharer-members.ts";

export type Discovered =
  /** This account is registered at the Cozy that was typed: where the member goes on. */
  | { readonly kind: "registered"; readonly place: Place; readonly client: RegisteredClient }
  | { readonly kind: "wrong"; readonly problem: DiscoveryProblem }
  /** Somebody has accepted already, or the sharing has ended. */
  | { readonly kind: "closed" };

/** Finds the Cozy that a member typed, registers there and keeps both; before somebody has accepted, who typed last counts. */
export async function discover(
  parts: InstanceParts,
  { instance, signal }: PeerRequest,
  place: Place,
  typed: string,
): Promise<Discovered> {
  const read = readTypedCozy(typed, instance.host);
  if (read.kind !== "cozy") return { kind: "wrong", problem: read.kind };
  const { url } = read;
  if (url === instance.url) return { kind: "wrong", problem: "own-cozy" };
  const { http } = parts;
  const obtained = await registerAt({ http, url, signal }, ownMetadata(instance.url, instance.accountName));
  if (obtained.kind === "failed") {
    const { reason } = obtained.failure;
    parts.tell("member-not-told", { member: place.member.id, step: "register", reason });
    return { kind: "wrong", problem: "not-reached" };
  }
  return keep(parts, place, url, obtained.got);
}

async function keep(
  parts: InstanceParts,
  { member: { id } }: Place,
  url: string,
  client: RegisteredClient,
): Promise<Discovered> {
  return parts.store.transaction(async (db) => {
    const now = await asItStands(db, id);
    if (now === null || now.member.status === "accepted") return { kind: "closed" };
    const { sharing } = now;
    const found = { instance_url: url, client_sealed: sealClient(parts.sealer, id, client) };
    await updateCozyMember(db, id, found);
    const member: CozyMemberRow = { ...now.member, ...found };
    if (member.status !== "refused") {
      await moveMember(
        db,
        { sharing, member },
        { status: "pending", event: "invited-again", reason: null },
        parts,
      );
    }
    if (member.contact_id !== null) await learnInstance(db, sharing.account_id, member.contact_id, url);
    return { kind: "registered", place: { sharing, member }, client };
  });
}

/** The form, empty or as it was sent. */
export async function showForm(
  parts: InstanceParts,
  request: PeerRequest,
  { sharing, member }: Place,
  form: {
    readonly hidden: Readonly<Record<string, string>>;
    readonly typed: string | null;
    readonly problem: DiscoveryProblem | null;
  },
): Promise<PeerReply> {
  const { problem, typed, hidden } = form;
  return discoveryForm(parts, request, {
    status: problem === null ? 200 : 400,
    page: {
      sharerName: request.instance.accountName,
      description: sharing.description,
      url: typed ?? member.instance_url ?? "",
      problem,
      hidden,
    },
  });
}
