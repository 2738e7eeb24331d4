/**
 * Loaded before a daemon (`node --import`): its questions for addresses go to the name server of the test, named by
 * USHER_TEST_NAME_SERVER, in place of the machine's own.
 */
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const server = process.env["USHER_TEST_NAME_SERVER"];
const { Resolver } = dns.promises;

class StubResolver extends Resolver {
  constructor(...options: ConstructorParameters<typeof Resolver>) {
    super(...options);
    if (server !== undefined) this.setServers([server]);
  }
}
dns.promises.Resolver = StubResolver;
syncBuiltinESMExports();
