import type { Smtp } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { openSession, type SmtpSession } from "./smtp-session.ts";
import type { MailTransport, Receipt } from "./transport.ts";

interface IdleSession {
  readonly session: SmtpSession;
  readonly timer: NodeJS.Timeout;
}

/**
 * Sends over SMTP and keeps a few connections for the next mails. nodemailer's own pool is not used: after a break it
 * does not tell whether the message had begun, which decides between trying again and not knowing.
 */
export function createSmtpTransport(smtp: () => Smtp | null): MailTransport {
  const idle: IdleSession[] = [];

  function takeIdle(wanted: Smtp): SmtpSession | null {
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      clearTimeout(one.timer);
      if (one.session.smtp === wanted && one.session.isUsable()) return one.session;
      one.session.close();
    }
    return null;
  }

  function keep(session: SmtpSession): void {
    if (!session.isUsable()) return;
    if (idle.length >= limits.jobsPerLane) return session.close();
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((one) => one.session === session),
        1,
      );
      session.close();
    }, limits.smtpIdleMs);
    idle.push({ session, timer: timer.unref() });
  }

  return {
    async send(mail, signal, beforeContent = async () => undefined) {
      const wanted = smtp();
      if (wanted === null) return notConfigured;
      const kept = takeIdle(wanted);
      if (kept !== null) {
        const receipt = await kept.send(mail, beforeContent, signal);
        keep(kept);
        // The server closed a connection that had lain idle: that says nothing of this mail.
        if (!isBreak(receipt) || signal.aborted) return receipt;
      }
      const session = await openSession(wanted, signal);
      if ("kind" in session) return session;
      const receipt = await session.send(mail, beforeContent, signal);
      keep(session);
      return receipt;
    },
    async [Symbol.asyncDispose]() {
      for (const { session, timer } of idle.splice(0)) {
        clearTimeout(timer);
        session.close();
      }
    },
  };
}

const notConfigured: Receipt = {
  kind: "temporary",
  code: null,
  reply: "No SMTP server is configured; set smtp.host and smtp.from in the configuration.",
};

function isBreak(receipt: Receipt): boolean {
  return receipt.kind === "temporary" && (receipt.code === null || receipt.code === 421);
}
