/** Rows from a callback to a `for await` loop, one at a time: the giver waits until the taker comes back. */
export interface RowStream<Row> {
  /** Resolves once the row was taken and dealt with, or nobody takes rows any more. */
  give(row: Row): Promise<void>;
  /** Rows until `source` settles; its failure is thrown. */
  take(source: Promise<unknown>): AsyncGenerator<Row, void>;
}

interface Offer<Row> {
  readonly row: Row;
  readonly taken: () => void;
}

export function createRowStream<Row>(): RowStream<Row> {
  let isClosed = false;
  let waiting: Offer<Row> | null = null;
  let next = Promise.withResolvers<Offer<Row>>();
  return {
    async give(row) {
      if (isClosed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { row, taken: resolve };
      next.resolve(waiting);
      await promise;
    },
    async *take(source) {
      const ended = source.then(() => null);
      try {
        for (;;) {
          const offer = await Promise.race([next.promise, ended]);
          if (offer === null) return;
          next = Promise.withResolvers<Offer<Row>>();
          yield offer.row;
          waiting = null;
          offer.taken();
        }
      } finally {
        isClosed = true;
        waiting?.taken();
      }
    },
  };
}
