import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** A certificate that ended in 2001. */
  readonly expired?: boolean;
  /** A certificate that no authority signed. */
  readonly selfSigned?: boolean;
}

export interface Certificates {
  /** PEM of the throw-away authority, as a file and as text. */
  readonly caFile: string;
  readonly ca: string;
  /** A server certificate for host names and address literals; the same question gives the same certificate. */
  certificate(names: readonly string[], options?: CertificateOptions): Promise<Certificate>;
}

const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/** `openssl ca` is the one command of every OpenSSL version that takes a date in the past. */
const configuration = `[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
rand_serial = yes
copy_extensions = copy
unique_subject = no
policy = subject
[subject]
commonName = supplied
`;

/** A throw-away certificate authority in `directory`, which has one caller and is removed by him. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "ca.cnf"), configuration);
  await writeFile(join(directory, "index.txt"), "");
  const extensions =
    "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
  const authority = `-days 30 -subj /CN=throw-away-authority ${extensions}`;
  await openssl(directory, `req -x509 ${newKey} -keyout ca.key -out ca.pem ${authority}`);
  const made = new Map<string, Promise<Certificate>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    caFile: join(directory, "ca.pem"),
    ca: await readFile(join(directory, "ca.pem"), "utf8"),
    certificate: async (names, options = {}) => {
      const question = JSON.stringify([names, options.expired === true, options.selfSigned === true]);
      const known = made.get(question);
      if (known !== undefined) return known;
      // One at a time: `openssl ca` rewrites its index.
      const name = `server-${made.size + 1}`;
      const making = last.then(async () => makeCertificate(directory, name, names, options));
      last = making.catch(() => undefined);
      made.set(question, making);
      return making;
    },
  };
}

async function makeCertificate(
  directory: string,
  name: string,
  names: readonly string[],
  options: CertificateOptions,
): Promise<Certificate> {
  const alternatives = names.map((each) => `${isIP(each) === 0 ? "DNS" : "IP"}:${each}`).join(",");
  const [certFile, keyFile] = [`${name}.pem`, `${name}.key`];
  const request = `${newKey} -keyout ${keyFile} -subj /CN=${name} -addext subjectAltName=${alternatives}`;
  if (options.selfSigned === true) {
    await openssl(directory, `req -x509 ${request} -out ${certFile} -days 30`);
  } else {
    await openssl(directory, `req -new ${request} -out ${name}.csr`);
    const dates =
      options.expired === true ? "-startdate 20000101000000Z -enddate 20010101000000Z" : "-days 30";
    await openssl(directory, `ca -batch -notext -config ca.cnf -in ${name}.csr -out ${certFile} ${dates}`);
  }
  return {
    certFile: join(directory, certFile),
    keyFile: join(directory, keyFile),
    cert: await readFile(join(directory, certFile), "utf8"),
    key: await readFile(join(directory, keyFile), "utf8"),
  };
}

/** Words of `command` are divided at spaces. */
async function openssl(directory: string, command: string): Promise<void> {
  await run("openssl", command.split(" "), { cwd: directory, timeout: 60_000 });
}
