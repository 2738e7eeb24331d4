import { type Decision, decide } from "../domain/policy.ts";
import { moduleName } from "../domain/share.ts";
import type { NotFollowed } from "../protocols/protocol.ts";
import { readAccountRules } from "../store/account-rules.ts";
import { type NotificationRow, readTargets, type StateChange } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import { withinAbilities } from "./abilities.ts";
import { policyFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import type { ReceivingParts } from "./parts.ts";
import { planFollow, planRefuse } from "./plan.ts";
import { changeState } from "./state.ts";

interface Deciding {
  readonly row: NotificationRow;
  readonly isNew: boolean;
  /** A held notification that is judged again keeps its time. */
  readonly again: boolean;
}

/** Lets the policy decide about a notification that is open, records why, and does what it says. */
export async function decideOn(
  db: Db,
  finding: Finding,
  deciding: Deciding,
  parts: ReceivingParts,
): Promise<void> {
  const { row } = deciding;
  const { policy: site, notify } = parts.settings();
  const account = await readAccountRules(db, row.account_id);
  const facts = policyFacts(finding.share, finding.evidence, finding.account.name);
  const decision = withinAbilities(decide({ account, site, notify }, facts), row, parts.protocols);
  const restriction = await restrictionOf(db, finding, row);
  const { isJunk } = finding.evidence;
  const change = changeBy(decision, { isJunk, restriction, heldUntil: heldUntil(deciding, parts) });
  // Holding again what nobody answered for so long would only be a nuisance.
  if (deciding.again && row.reason === "expired" && change.state === "held") return;
  await addRecord(db, { accountId: row.account_id, notificationId: row.id }, "decision", {
    by: "policy",
    ...decision,
    // Who writes to Junk must not make Usher write to people.
    notify: decision.notify && !isJunk,
    restriction,
  });
  await changeState(db, row.id, change, parts, { isNew: deciding.isNew });
  if (change.state === "accepted") await planFollow(db, row, parts.queue);
  if (change.state === "refused") await planRefuse(db, row, parts.queue);
}

async function restrictionOf(db: Db, finding: Finding, row: NotificationRow): Promise<NotFollowed | null> {
  if (finding.protocol === null) return null;
  const targets = await readTargets(db, row.id);
  const facts = {
    origin: row.origin,
    variant: row.variant,
    targets: targets.map(({ module, folder, item }) => ({ module: moduleName(module), folder, item })),
  };
  return finding.protocol.restriction(facts, finding.who);
}

function heldUntil({ row, again }: Deciding, parts: ReceivingParts): number {
  const isStillHeld = again && row.state === "held" && row.expires_at !== null;
  return isStillHeld ? (row.expires_at ?? 0) : Date.now() + parts.settings().holdMs;
}

interface Circumstances {
  readonly isJunk: boolean;
  readonly restriction: NotFollowed | null;
  readonly heldUntil: number;
}

function changeBy(
  decision: Decision,
  { isJunk, restriction, heldUntil: expiresAt }: Circumstances,
): StateChange {
  const byPolicy = `By policy: ${decision.because}.`;
  const detail = decision.restrained === null ? byPolicy : `${byPolicy} ${decision.restrained.detail}`;
  if (decision.action === "ignore") return { state: "ignored", reason: "policy", detail };
  if (decision.action === "refuse") return { state: "refused", reason: "policy", detail };
  if (isJunk) return { state: "held", reason: "junk", detail: junkDetail, expiresAt };
  if (restriction !== null && restriction.isCurable !== true) {
    return { state: "failed", reason: restriction.because, detail: restriction.detail };
  }
  const { restrained } = decision;
  if (restrained !== null) return { state: "held", reason: restrained.because, detail, expiresAt };
  if (restriction !== null) {
    return { state: "held", reason: restriction.because, detail: restriction.detail, expiresAt };
  }
  if (decision.action === "accept") return { state: "accepted", reason: "policy", detail: null };
  return { state: "held", reason: null, detail: null, expiresAt };
}

const junkDetail =
  "Its mail lies in Junk, and such mail is never acted on; move it to the inbox to have it judged.";
