import type { Files } from "../planted-tree.ts";

const leaf = "export const leaf = 1;\n";

function importing(path: string): string {
  return `import { leaf } from "${path}";\nexport const user = leaf;\n`;
}

/** One breach of each rule of `.dependency-cruiser.mjs`, by its name. */
export const architectureBreaches: Readonly<Record<string, Files>> = {
  "no-circular": {
    "src/domain/one.ts": 'import { two } from "./two.ts";\nexport const one = (): unknown => two;\n',
    "src/domain/two.ts": 'import { one } from "./one.ts";\nexport const two = (): unknown => one;\n',
  },
  "no-orphans": { "src/domain/alone.ts": leaf },
  "pure-needs-no-packages": {
    "src/domain/rule.ts": 'import { z } from "zod";\nexport const rule = z;\n',
  },
  "pure-does-no-io": {
    "src/protocols/ox/detect.ts":
      'import { readFileSync } from "node:fs";\nexport const detect = readFileSync;\n',
  },
  "domain-knows-only-domain": {
    "src/domain/rule.ts": importing("../store/leaf.ts"),
    "src/store/leaf.ts": leaf,
  },
  "protocols-are-strangers": {
    "src/protocols/ox/client.ts": importing("../cozy/leaf.ts"),
    "src/protocols/cozy/leaf.ts": leaf,
  },
  "protocols-know-ports-only": {
    "src/protocols/ox/client.ts": importing("../../store/leaf.ts"),
    "src/store/leaf.ts": leaf,
  },
  "flows-see-ports-only": {
    "src/receiving/flow.ts": importing("../mailbox/leaf.ts"),
    "src/mailbox/leaf.ts": leaf,
  },
  "flows-are-strangers": {
    "src/receiving/flow.ts": importing("../sharing/leaf.ts"),
    "src/sharing/leaf.ts": leaf,
  },
  "adapters-do-not-know-flows": {
    "src/mailbox/adapter.ts": importing("../receiving/leaf.ts"),
    "src/receiving/leaf.ts": leaf,
  },
  "only-the-roots-wire": {
    "src/store/adapter.ts": importing("../app.ts"),
    "src/app.ts": leaf,
  },
  "only-the-guard-reaches-the-network": {
    "src/protocols/ox/client.ts": 'import { request } from "undici";\nexport const out = request;\n',
  },
  "only-adapters-open-connections": {
    "src/receiving/flow.ts": 'import { connect } from "node:net";\nexport const out = connect;\n',
  },
  "src-never-imports-test": {
    "src/store/adapter.ts": importing("../../test/leaf.ts"),
    "test/leaf.ts": leaf,
  },
};
