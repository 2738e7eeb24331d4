import { createCozyV1 } from "./cozy-v1/cozy-v1.ts";
import { createCozyV2 } from "./cozy-v2/cozy-v2.ts";
import { createCozy } from "./cozy/cozy.ts";
import { noWay } from "./no-way.ts";
import { openCloudMesh, type OcmWays } from "./open-cloud-mesh.ts";
import { createOx } from "./ox/ox.ts";
import type { OxParts } from "./ox/parts.ts";
import type { FollowWay, Protocol } from "./protocol.ts";

/** How Cozy sharings of each generation are followed: by the account's own instance host. */
export interface CozyWays {
  readonly v2: FollowWay;
  readonly v1: FollowWay;
  readonly v3: FollowWay;
}

/** What is followed through the other flows. */
export interface Ways {
  readonly cozy: CozyWays;
  readonly ocm: OcmWays;
}

const noWays: Ways = {
  cozy: { v2: noWay, v1: noWay, v3: noWay },
  ocm: { invite: noWay, received: noWay, publicLink: noWay },
};

/** How shares are followed: the second line of a protocol that can be (the first is in mail-readers.ts). */
export function createProtocols(parts: OxParts, { cozy, ocm }: Ways = noWays): readonly Protocol[] {
  return [
    createOx(parts),
    createCozyV2(cozy.v2),
    createCozyV1(cozy.v1),
    createCozy(cozy.v3),
    ...openCloudMesh(parts.http, ocm),
  ];
}
