/** What a report is about, and where it goes. */
export interface ReportAbout {
  /** Envelope sender of the mail that came back. */
  readonly to: string;
  readonly recipient: string;
  /** Message-ID of the mail that came back. */
  readonly messageId: string;
  readonly status?: string;
}

/** Blocks of a report: one recipient each. */
export interface ReportBlock {
  readonly final: string;
  readonly original?: string;
  readonly action: string;
  readonly status: string;
  readonly diagnostic?: string;
}

/** A report as RFC 3464 has it. `returned` leaves the header of the returned mail out where it is null. */
export function standardReport(
  { to, messageId }: Pick<ReportAbout, "to" | "messageId">,
  blocks: readonly ReportBlock[],
  { returned = "text/rfc822-headers", extra = "" }: { returned?: string | null; extra?: string } = {},
): string {
  const recipients = blocks.map(({ final, original, action, status, diagnostic }) =>
    [
      `Final-Recipient: rfc822; ${final}`,
      ...(original === undefined ? [] : [`Original-Recipient: rfc822;${original}`]),
      `Action: ${action}`,
      `Status: ${status}`,
      ...(diagnostic === undefined ? [] : [`Diagnostic-Code: smtp; ${diagnostic}`]),
    ].join("\n"),
  );
  return [
    "Return-Path: <>",
    "From: MAILER-DAEMON@mx.elsewhere.example (Mail Delivery System)",
    `To: ${to}`,
    "Subject: Undelivered Mail Returned to Sender",
    "Auto-Submitted: auto-replied",
    ...(extra === "" ? [] : [extra]),
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="b/mx.elsewhere.example"',
    "",
    "--b/mx.elsewhere.example\nContent-Type: text/plain\n\nYour mail could not be delivered.\n",
    `--b/mx.elsewhere.example\nContent-Type: message/delivery-status\n`,
    ["Reporting-MTA: dns; mx.elsewhere.example", ...recipients].join("\n\n"),
    "",
    ...(returned === null
      ? []
      : [
          `--b/mx.elsewhere.example\nContent-Type: ${returned}\n\nMessage-ID: ${messageId}\nSubject: A share\n`,
        ]),
    "--b/mx.elsewhere.example--\n",
  ].join("\n");
}

/** As Exchange writes it: the reason in an alternative of texts, Status with a general code. */
export function exchangeReport({ to, recipient, messageId }: ReportAbout): string {
  return [
    "Return-Path: <>",
    "From: MicrosoftExchange0123456789@mail.elsewhere.example",
    `To: <${to}>`,
    "Subject: Undeliverable: A share",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="outer"',
    "",
    '--outer\nContent-Type: multipart/alternative; differences=Content-Type; boundary="inner"\n',
    "--inner\nContent-Type: text/plain\n\nDelivery has failed to these recipients.\n",
    "--inner\nContent-Type: text/html\n\n<p>Delivery has failed to these recipients.</p>\n",
    "--inner--\n",
    "--outer\nContent-Type: message/delivery-status\n",
    "Reporting-MTA: dns;mail.elsewhere.example\n",
    `Original-recipient: rfc822;${recipient}\nFinal-recipient: rfc822;${recipient.toUpperCase()}`,
    "Action: failed\nStatus: 5.0.0",
    "Diagnostic-Code: smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found\n",
    `--outer\nContent-Type: message/rfc822\n\nMessage-ID: ${messageId}\nSubject: A share\n\ntext\n`,
    "--outer--\n",
  ].join("\n");
}

/** A text and a header field, as Exim writes it, and Gmail did. */
export function failedRecipientsReport({ to, recipient, status = "5.1.1" }: ReportAbout): string {
  return [
    "Return-Path: <>",
    `X-Failed-Recipients: ${recipient}`,
    "Auto-Submitted: auto-replied",
    "From: Mail Delivery System <Mailer-Daemon@mx.elsewhere.example>",
    `To: ${to}`,
    "Subject: Mail delivery failed: returning message to sender",
    "",
    "This message was created automatically by mail delivery software.",
    "",
    `  ${recipient}`,
    `    host mx.elsewhere.example [192.0.2.7] said: 550 ${status} rejected`,
    "",
  ].join("\n");
}

/** qmail's form (QSBMF). */
export function qmailReport({ to, recipient, messageId, status = "5.1.1" }: ReportAbout): string {
  return [
    "Return-Path: <>",
    "From: MAILER-DAEMON@mx.elsewhere.example",
    `To: ${to}`,
    "Subject: failure notice",
    "",
    "Hi. This is the qmail-send program at mx.elsewhere.example.",
    "I give up.",
    "",
    `<${recipient}>:`,
    `Sorry, no mailbox here by that name. (#${status})`,
    "",
    "--- Below this line is a copy of the message.",
    "",
    `Message-ID: ${messageId}`,
    "Subject: A share",
    "",
    "<someone@else.example>:",
    "no more of it (#5.7.1)",
    "",
  ].join("\n");
}

/** A mail server's own words and nothing else. */
export function postmasterReport({ to, status = "5.2.2" }: ReportAbout, extra = ""): string {
  return [
    "Return-Path: <>",
    "From: <postmaster@mx.elsewhere.example>",
    ...(extra === "" ? [] : [extra]),
    `To: ${to}`,
    "Subject: Returned mail",
    "",
    `The mail server answered: 552 ${status} over quota`,
    "",
  ].join("\n");
}

/** What an absent person's mailbox answers (RFC 3834). */
export function vacation({ to, recipient, messageId }: ReportAbout): string {
  return [
    "Return-Path: <>",
    `From: ${recipient}`,
    `To: ${to}`,
    "Subject: Out of office",
    "Auto-Submitted: auto-replied (vacation)",
    `In-Reply-To: ${messageId}`,
    "",
    "I am away until Monday. Before, I had 550 5.1.1 things to do.",
    "",
  ].join("\n");
}
