import { createTransport } from "nodemailer";
import { addressOf, type World } from "../world/world.ts";

/** Delivers many mails to bob over a few LMTP connections. */
export async function deliverAll({ dovecot }: World, mails: readonly string[]): Promise<void> {
  const transport = createTransport({
    host: dovecot.host,
    port: dovecot.ports.lmtp,
    lmtp: true,
    ignoreTLS: true,
    pool: true,
    maxConnections: 3,
    maxMessages: Number.POSITIVE_INFINITY,
  });
  const envelope = { from: "carla@example.net", to: [addressOf("bob")] };
  try {
    await Promise.all(mails.map(async (raw) => transport.sendMail({ envelope, raw })));
  } finally {
    transport.close();
  }
}
