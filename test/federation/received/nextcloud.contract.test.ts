import { followWayContract } from "../../contract/origin.contract.ts";
import { nextcloud32, nextcloud34, nextcloudOffering } from "./families.ts";
import { openReceived } from "./received-world.ts";

followWayContract("A share of Nextcloud 32", async () => openReceived(nextcloud32));
followWayContract("A share of the master line of Nextcloud, by tokens", async () =>
  openReceived(nextcloud34),
);
followWayContract("A share of the master line of Nextcloud, which offers tokens", async () =>
  openReceived(nextcloudOffering),
);
