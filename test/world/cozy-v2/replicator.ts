import { createHash, randomBytes } from "node:crypto";
import type { Carried, Couch } from "./couch.ts";
import { below, callPeer, type PeerAnswer, type Resolve, withScheme } from "./peers.ts";
import { Failure, type Fields, isObject, messageOf, textOf } from "./wire.ts";

/** Documents of a sharing for one recipient. */
export interface ReplicationJob {
  readonly shareID: string;
  readonly recipientUrl: string;
  readonly token: string;
  readonly docIds: readonly string[];
}

export interface ReplicationView {
  readonly repID: string;
  readonly recipientUrl: string;
  readonly state: "triggered" | "error";
  /** What went wrong last. */
  readonly reason: string | null;
}

interface Running {
  readonly job: ReplicationJob;
  reason: string | null;
  /** Changes came that are not pushed yet. */
  isStale: boolean;
  pump: Promise<void> | null;
}

/**
 * Pushes documents as CouchDB does: the calls at the target, in their order, after the CouchDB Replication Protocol
 * ("Check Target Existence" to "Record Replication Checkpoint").
 */
export class Replicator {
  readonly #data: Couch;
  readonly #resolve: Resolve;
  readonly #refuse: (what: string) => void;
  readonly #running = new Map<string, Running>();

  constructor(data: Couch, resolve: Resolve, refuse: (what: string) => void) {
    this.#data = data;
    this.#resolve = resolve;
    this.#refuse = refuse;
    data.listen(({ id }) => this.#changed(id));
  }

  /** `_replicate`: once, and done when it returns. */
  async replicateOnce(job: ReplicationJob): Promise<void> {
    await this.#open(job);
    await this.#push(job);
  }

  /** A document in `_replicator`: returns its id when the replication is triggered; documents follow. */
  async start(job: ReplicationJob): Promise<string | null> {
    await this.#open(job);
    if (this.#data.isBroken("repID")) return null;
    const repID = randomBytes(16).toString("hex");
    const running: Running = { job, reason: null, isStale: true, pump: null };
    this.#running.set(repID, running);
    this.#pump(running);
    return repID;
  }

  /** What is on its way arrives before the replication counts as cancelled. */
  async cancel(repID: string): Promise<void> {
    const running = this.#running.get(repID);
    if (running === undefined) throw new Failure(404, "not_found: missing");
    this.#running.delete(repID);
    await running.pump;
  }

  /** Replications that failed try again. */
  retry(): void {
    for (const running of this.#running.values()) {
      if (running.reason === null) continue;
      running.isStale = true;
      this.#pump(running);
    }
  }

  /** Until nothing is on its way. */
  async settled(): Promise<void> {
    for (;;) {
      const pumps = [...this.#running.values()].flatMap(({ pump }) => (pump === null ? [] : [pump]));
      if (pumps.length === 0) return;
      await Promise.all(pumps);
    }
  }

  view(): readonly ReplicationView[] {
    return [...this.#running].map(([repID, { job, reason }]) => ({
      repID,
      recipientUrl: job.recipientUrl,
      state: reason === null ? "triggered" : "error",
      reason,
    }));
  }

  #changed(id: string): void {
    for (const running of this.#running.values()) {
      if (!running.job.docIds.includes(id)) continue;
      running.isStale = true;
      this.#pump(running);
    }
  }

  #pump(running: Running): void {
    running.pump ??= this.#pushChanges(running).finally(() => (running.pump = null));
  }

  async #pushChanges(running: Running): Promise<void> {
    while (running.isStale) {
      running.isStale = false;
      try {
        await this.#push(running.job);
        running.reason = null;
      } catch (cause) {
        running.reason = messageOf(cause);
      }
    }
  }

  async #open(job: ReplicationJob): Promise<void> {
    const { status } = await this.#call(job, "HEAD", "").catch(failed);
    this.#expect(status === 200, "HEAD of the target", status);
  }

  async #push(job: ReplicationJob): Promise<void> {
    const checkpoint = await this.#checkpoint(job);
    const missing = await this.#missing(job);
    if (missing.length > 0) await this.#upload(job, missing);
    const committed = await this.#call(job, "POST", "_ensure_full_commit", {}).catch(failed);
    this.#expect(committed.status === 201, "_ensure_full_commit", committed.status);
    await this.#record(job, checkpoint);
  }

  async #checkpoint(job: ReplicationJob): Promise<Fields | null> {
    const { status, body } = await this.#call(job, "GET", `_local/${nameOf(job)}`).catch(failed);
    this.#expect(status === 404 || (status === 200 && isObject(body)), "GET _local", status);
    return status === 200 && isObject(body) ? body : null;
  }

  async #missing(job: ReplicationJob): Promise<readonly Carried[]> {
    const leaves = job.docIds.flatMap((id) => this.#data.leaves(id));
    if (leaves.length === 0) return [];
    const asked: Record<string, string[]> = {};
    for (const { id, rev } of leaves) (asked[id] ??= []).push(rev);
    const { status, body } = await this.#call(job, "POST", "_revs_diff", asked).catch(failed);
    this.#expect(status === 200 && isObject(body), "_revs_diff", status);
    const told = isObject(body) ? body : {};
    return leaves.filter(({ id, rev }) => {
      const each = told[id];
      return isObject(each) && Array.isArray(each["missing"]) && each["missing"].includes(rev);
    });
  }

  async #upload(job: ReplicationJob, missing: readonly Carried[]): Promise<void> {
    const docs = missing.map(({ document }) => document);
    const { status, body } = await this.#call(job, "POST", "_bulk_docs", { docs, new_edits: false }).catch(
      failed,
    );
    this.#expect(status === 201 && Array.isArray(body), "_bulk_docs", status);
    for (const row of Array.isArray(body) ? body : []) {
      if (isObject(row) && row["error"] !== undefined) {
        this.#refuse(`replication: _bulk_docs refused a document (${textOf(row["error"])})`);
      }
    }
  }

  async #record(job: ReplicationJob, before: Fields | null): Promise<void> {
    const checkpoint = {
      _id: `_local/${nameOf(job)}`,
      ...(before?.["_rev"] === undefined ? {} : { _rev: before["_rev"] }),
      source_last_seq: this.#data.seq,
    };
    const { status } = await this.#call(job, "PUT", `_local/${nameOf(job)}`, checkpoint).catch(failed);
    this.#expect(status === 201, "PUT _local", status);
  }

  async #call(job: ReplicationJob, method: string, path: string, body?: Fields): Promise<PeerAnswer> {
    return callPeer(this.#resolve, {
      method,
      url: below(withScheme(job.recipientUrl), `services/sharing/replication/${path}`),
      credentials: { login: job.shareID, password: job.token },
      ...(body === undefined ? {} : { body }),
    });
  }

  #expect(isRight: boolean, what: string, status: number): void {
    if (isRight) return;
    this.#refuse(`replication: ${what} was answered with ${status === 0 ? "nothing" : status}`);
    throw new Failure(500, "Replication failed");
  }
}

/** A call that got no answer. */
function failed(): PeerAnswer {
  return { status: 0, body: undefined };
}

/** Name of the replication's checkpoint. */
function nameOf(job: ReplicationJob): string {
  return createHash("md5")
    .update(JSON.stringify([job.shareID, job.recipientUrl, job.docIds]))
    .digest("hex");
}
