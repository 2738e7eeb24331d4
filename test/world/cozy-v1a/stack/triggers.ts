import { type Party, peerOf, type Sharing, type SharingCozy } from "./sharing.ts";
import { isAbout, type Rule } from "./permissions.ts";
import { type Change, deleteDocument, sendDocument } from "./transport.ts";
import { leaveSharing } from "./revoke.ts";

/** `<type>:CREATED,UPDATED,DELETED:<values>[:<selector>]` (reference/cozy.md 5.7). */
export function updateTriggers(rules: readonly Rule[]): readonly string[] {
  return rules.map((rule) => triggerOf(rule, "CREATED,UPDATED,DELETED"));
}

/** A recipient whose changes stay with it watches deletions alone. */
export function deletionTriggers(rules: readonly Rule[]): readonly string[] {
  return rules.map((rule) => triggerOf(rule, "DELETED"));
}

function triggerOf({ type, values, selector }: Rule, events: string): string {
  return [type, events, values.join(","), ...(selector === null ? [] : [selector])].join(":");
}

/** Plans what the triggers of all sharings make of a change. */
export function followChange(cozy: SharingCozy, change: Change): void {
  for (const sharing of cozy.sharings) {
    const isWatched = sharing.triggers.some(
      (trigger) => trigger.split(":")[1]?.includes(change.kind) === true,
    );
    const { doctype, id, value } = change;
    const [rule] = sharing.rules.filter((each) => isAbout(each, doctype, id, value));
    if (!isWatched || rule === undefined || sharing.revoked) continue;
    const isOwnDeletion = change.kind === "DELETED" && change.from === null;
    if (!sharing.owner && isOwnDeletion && isOnlyDocument(sharing, rule)) {
      cozy.background.plan(async () => leaveSharing(cozy, sharing));
    } else {
      for (const party of partiesOf(sharing, change))
        cozy.background.plan(async () => tell(cozy, sharing, party, change));
    }
  }
}

/** A recipient who deletes the single shared document leaves (reference/cozy.md 8.2). */
function isOnlyDocument({ rules }: Sharing, rule: Rule): boolean {
  return rules.length === 1 && rule.selector === null && rule.values.length === 1;
}

function partiesOf({ sharer, recipients }: Sharing, { from }: Change): readonly Party[] {
  const parties = sharer === null ? recipients.filter(({ status }) => status === "accepted") : [sharer.party];
  return parties.filter(({ hostClientId }) => from === null || hostClientId !== from);
}

async function tell(cozy: SharingCozy, sharing: Sharing, party: Party, change: Change): Promise<void> {
  const peer = peerOf(cozy, sharing, party);
  if (peer === null) return;
  if (change.kind === "DELETED") {
    await deleteDocument(cozy, peer, sharing.sharingId, change.doctype, change.id);
    return;
  }
  const document = cozy.documents.get(change.doctype, change.id);
  if (document !== null) await sendDocument(cozy, peer, sharing.sharingId, change.doctype, document);
}

/** One job for each document of each rule (reference/cozy.md 5.7). */
export function shareDocuments(cozy: SharingCozy, sharing: Sharing, party: Party): void {
  for (const rule of sharing.rules) {
    for (const document of cozy.documents.all(rule.type)) {
      if (!isAbout(rule, rule.type, document.id, document.value)) continue;
      cozy.background.plan(async () => {
        const peer = peerOf(cozy, sharing, party);
        if (peer !== null) await sendDocument(cozy, peer, sharing.sharingId, rule.type, document);
      });
    }
  }
}
