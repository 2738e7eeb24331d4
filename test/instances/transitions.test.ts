import { afterAll, beforeAll, expect, test } from "vitest";
import { type RecipientEvent, type RecipientState, recipientAfter } from "../../src/domain/recipient.ts";
import { type Shared, TransitionWorld } from "./transition-world.ts";

// Every transition of domain/recipient.ts, by what makes it in use: requests of browsers, Cozys and applications, and mail that
// comes back.

let world: TransitionWorld;
beforeAll(async () => {
  world = await TransitionWorld.open();
});
afterAll(async () => world[Symbol.asyncDispose]());

type Act = (made: Shared) => Promise<void>;

interface Reached {
  /** Brings a recipient into the state that the transition begins with. */
  readonly before: () => Promise<Shared>;
  readonly event: Act;
}

/** First the one, then the others. */
function after(make: Reached["before"], ...acts: readonly Act[]): Reached["before"] {
  return async () => {
    const made = await make();
    for (const act of acts) await act(made);
    return made;
  };
}

const added = async (): Promise<Shared> => world.addedEarlier();
const mailed = async (): Promise<Shared> => world.mailedEarlier();
const mailedToday = async (): Promise<Shared> => world.mailedToday();
const accepts: Act = async (made) => world.accept(made);
const refuses: Act = async (made) => world.refuse(made);
const isRevoked: Act = async (made) => world.revoke(made);
const bounces: Act = async (made) => world.bounce(made);
const isAsked: Act = async (made) => world.sendMails(made);
const answersWrongly: Act = async (made) => world.answerWrongly(made);
const registersNobody: Act = async (made) => world.refuseToRegister(made);
const saidYes: Act = async (made) => world.tell(made, "accepted");
const saidNo: Act = async (made) => world.tell(made, "refused");
const works: Act = async () => world.work();

const plain = async (): Promise<Shared> => world.mailedPlainly();
const returned = after(mailed, bounces);
const unregistered = after(added, registersNobody);
const broken = after(mailed, answersWrongly);
const notTaking = async (): Promise<Shared> => world.refusedRequest();
const revoked = async (): Promise<Shared> => world.revokedToday();

const ways: Readonly<Record<RecipientState, Readonly<Partial<Record<RecipientEvent, Reached>>>>> = {
  pending: {
    accepted: { before: mailed, event: accepts },
    refused: { before: mailed, event: refuses },
    revoked: { before: mailedToday, event: isRevoked },
    "mail-failed": { before: mailedToday, event: bounces },
    "answer-failed": { before: mailed, event: answersWrongly },
  },
  "mail-not-sent": {
    accepted: { before: returned, event: accepts },
    refused: { before: returned, event: refuses },
    revoked: { before: added, event: isRevoked },
    "invited-again": { before: returned, event: isAsked },
    "registration-failed": { before: added, event: registersNobody },
    "request-failed": { before: notTaking, event: works },
  },
  accepted: {
    refused: { before: after(plain, saidYes), event: saidNo },
    revoked: { before: after(mailed, accepts), event: isRevoked },
  },
  refused: {
    accepted: { before: after(mailed, refuses), event: accepts },
    revoked: { before: after(plain, saidNo), event: isRevoked },
  },
  unregistered: {
    accepted: { before: unregistered, event: saidYes },
    refused: { before: unregistered, event: saidNo },
    revoked: { before: unregistered, event: isRevoked },
    "invited-again": { before: unregistered, event: isAsked },
  },
  error: {
    accepted: { before: broken, event: accepts },
    refused: { before: broken, event: refuses },
    revoked: { before: broken, event: isRevoked },
    "invited-again": { before: after(notTaking, works), event: isAsked },
  },
  revoked: { "added-again": { before: revoked, event: async (made) => world.addAgain(made) } },
};

const events = {
  "mail-failed": true,
  "invited-again": true,
  accepted: true,
  refused: true,
  "registration-failed": true,
  "answer-failed": true,
  "request-failed": true,
  revoked: true,
  "added-again": true,
} satisfies Record<RecipientEvent, true>;

const transitions = (Object.keys(ways) as RecipientState[]).flatMap((from) =>
  (Object.keys(events) as RecipientEvent[]).map((event) => ({
    from,
    event,
    to: recipientAfter(from, event),
  })),
);

test.each(transitions.filter(({ from, to }) => from !== to))(
  "a recipient who is $from: $event makes him $to",
  async ({ from, event, to }) => {
    const way = ways[from][event];
    if (way === undefined) throw new Error("Nothing in use makes this transition.");
    const made = await way.before();
    expect(await world.stateOf(made)).toBe(from);
    await way.event(made);
    expect(await world.stateOf(made)).toBe(to);
  },
);
