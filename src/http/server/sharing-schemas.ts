import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { time } from "./schemas.ts";

const sharingShape = {
  id: z.string(),
  account_id: z.string(),
  account: z.string().optional().meta({ description: "Name of the account; in lists." }),
  title: z.string(),
  message: z.string().nullable(),
  created_at: time,
  expires_at: time.nullable().meta({ description: "When it ends by itself; null for never." }),
  revoked_at: time.nullable().meta({ description: "When it ended; null where it has not." }),
};

export const sharingSummarySchema = z
  .object({
    ...sharingShape,
    recipients: z.int(),
    sent: z.int().meta({ description: "Invitations that the mail server took." }),
    notSent: z.int().meta({ description: "Invitations that were given up." }),
  })
  .meta({ id: "SharingSummary" });

const recipientSchema = z
  .object({
    id: z.string(),
    address: z.string().meta({
      description:
        "Mail address; the host of his Cozy where no mail address is known, his OCM address where he is asked at another cloud.",
    }),
    locale: z.string(),
    state: z.enum(["pending", "accepted", "refused", "error", "unregistered", "mail-not-sent", "revoked"]),
    reason: z.string().nullable(),
    messageId: z
      .string()
      .nullable()
      .meta({ description: "Message-ID of the invitation; null where he was not mailed." }),
    mail: z
      .enum(["planned", "attempting", "sent", "failed", "unknown"])
      .nullable()
      .meta({ description: "Where the invitation stands; null for who is asked at his Cozy." }),
    attempts: z.int(),
    reply: z.string().nullable().meta({ description: "What the mail server said last." }),
    sentAt: time.nullable(),
    fate: z
      .enum(["delivered", "delayed", "bounced"])
      .nullable()
      .meta({ description: "What delivery reports say." }),
    fateStatus: z.string().nullable().meta({ description: "Enhanced status code (RFC 3463)." }),
    waitsUntil: time.nullable().meta({ description: "When the next mail to him is tried." }),
    waitsBecause: z.string().nullable(),
    cozy: z.string().nullable().meta({ description: "Address of his Cozy, where one is known." }),
    cozyError: z.string().nullable().meta({ description: "Why the last call to his Cozy failed." }),
    cloud: z
      .string()
      .nullable()
      .meta({ description: "Host of his server, where it is asked over Open Cloud Mesh." }),
    cloudError: z.string().nullable().meta({
      description: "What that server said of a share it does not take, or why it could not be asked.",
    }),
    timeline: z
      .array(z.object({ at: time, kind: z.string(), detail: z.record(z.string(), z.unknown()) }))
      .meta({ description: "All that happened, oldest first; `what` in the detail says what." }),
  })
  .meta({ id: "Recipient" });

export const sharingSchema = z
  .object({ ...sharingShape, recipients: z.array(recipientSchema) })
  .meta({ id: "Sharing" });

const locale = z
  .string()
  .max(35)
  .nullish()
  .meta({ description: "Language of the invitations, BCP 47; left out, the account's." });

const to = z
  .array(z.string().max(limits.addressChars))
  .max(limits.recipientsPerSharing)
  .meta({ description: "Mail addresses, without names." });

const key = z
  .string()
  .min(1)
  .max(limits.idempotencyKeyChars)
  .meta({ description: "Chosen by the caller: the same request with it is done once." });

export const newSharingSchema = z.strictObject({
  account: z
    .string()
    .max(100)
    .optional()
    .meta({ description: "Who shares; needed with a token of the administrator only." }),
  title: z.string().max(limits.messageChars),
  link: z
    .string()
    .max(limits.urlChars)
    .meta({ description: "Where it is, https. It is kept sealed and shown nowhere." }),
  message: z.string().nullish(),
  locale,
  to,
  expires_at: time.nullish().meta({ description: "When the sharing ends; left out, as the site says." }),
  key: key.optional(),
});

export const keyHeaders = z.object({ "idempotency-key": key.optional() });

export const moreRecipientsSchema = z.strictObject({ to, locale });

export const chosenSchema = z
  .strictObject({
    recipient: z
      .string()
      .max(limits.addressChars)
      .optional()
      .meta({ description: "Address or id of one recipient; left out, all are meant." }),
  })
  .nullish();

export const actedSchema = z
  .object({
    done: z.array(z.string()).meta({ description: "Addresses whom it concerned." }),
    left: z
      .array(z.object({ address: z.string(), because: z.string() }))
      .meta({ description: "Those whom it did not, and why." }),
  })
  .meta({ id: "Acted" });

export const recipientAnsweredSchema = z
  .object({ id: z.string(), state: recipientSchema.shape.state })
  .meta({ id: "RecipientAnswered" });

export const recipientParams = z.object({
  id: z.string().regex(/^[a-z0-9]{1,32}$/, "not an id"),
  recipient: z.string().regex(/^[a-z0-9]{1,32}$/, "not an id"),
});
