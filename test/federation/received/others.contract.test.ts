import { followWayContract } from "../../contract/origin.contract.ts";
import { openCloud, owncloud, seafile } from "./families.ts";
import { openReceived } from "./received-world.ts";

const reva = openCloud({
  family: "reva",
  exchangesTokens: true,
  tokenForm: "ocm_share",
  webdavForm: "relative-uri",
});

followWayContract("A share of ownCloud 10", async () => openReceived(owncloud));
followWayContract("A share of OpenCloud", async () => openReceived(openCloud({ family: "opencloud" })));
followWayContract("A share of reva, by tokens", async () => openReceived(reva));
followWayContract("A share of Seafile", async () => openReceived(seafile));
