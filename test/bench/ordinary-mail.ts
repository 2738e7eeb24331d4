const hops = ["mx1.example.net", "mx2.example.net", "filter.example.org", "store.example.org"];

/** An ordinary mail of about 20 kB: four hops, two signatures, plain text and HTML; each number gives another one. */
export function ordinaryMail(number: number, moreFields: readonly string[] = []): string {
  const boundary = `seam-${number}`;
  return [
    ...hops.map((host, hop) => received(host, number, hop)),
    signature("example.net", number),
    signature("list.example.net", number),
    "From: Carla Example <carla@example.net>",
    "To: bob@recipient.example",
    `Subject: =?UTF-8?Q?Protokoll_der_Sitzung_Nr=2E_${number}?=`,
    "Date: Fri, 20 Nov 2026 10:00:00 +0000",
    `Message-ID: <${number}.protocol@example.net>`,
    "MIME-Version: 1.0",
    ...moreFields,
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    ...Array.from({ length: 70 }, (_, line) => plainLine(line)),
    `--${boundary}`,
    "Content-Type: text/html; charset=UTF-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    ...Array.from({ length: 85 }, (_, line) => htmlLine(line)),
    `--${boundary}--`,
    "",
  ].join("\r\n");
}

function received(host: string, number: number, hop: number): string {
  const id = (number * 7919 + hop).toString(36).toUpperCase();
  return `Received: from ${host} (${host} [192.0.2.${hop + 1}])\r\n\tby mail${hop}.example.org with ESMTPS id ${id}\r\n\tfor <bob@recipient.example>; Fri, 20 Nov 2026 10:00:0${hop} +0000`;
}

function signature(domain: string, number: number): string {
  const bits =
    Buffer.alloc(192, number)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=mail;\r\n\th=from:to:subject:date:message-id; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r\n\tb=${bits.join("\r\n\t ")}`;
}

function plainLine(line: number): string {
  return `${line}. Die Hafenbeh=C3=B6rde pr=C3=BCft den Kai und berichtet bis Freitag =C3=BCber die Pl=C3=A4ne.`;
}

function htmlLine(line: number): string {
  return `<p class=3D"note">${line}. Die Hafenbeh=C3=B6rde <b>pr=C3=BCft</b> den Kai, <a href=3D"https://cloud.e=\r\nxample.net/protocol/${line}">Punkt ${line}</a>, und berichtet bis Freitag.</p>`;
}
