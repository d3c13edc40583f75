// What folds remember of their own rows from one batch to the next, so as not to ask for what they wrote themselves.

/**
 * Exact as long as nobody else folds into the same tables and each batch that was begun was committed: the runner forgets all of it
 * where another projector has moved the checkpoint, and where a transaction failed. Emptied, too, where it grows.
 */
export class Memory {
  readonly #kinds = new Map<string, Map<string, unknown>>()

  /** What one read model remembers, by a key of its own; at most so many before this batch. */
  of<Row>(kind: string, most: number): Map<string, Row> {
    const rows = (this.#kinds.get(kind) ?? new Map()) as Map<string, Row>
    if (rows.size > most) rows.clear()
    this.#kinds.set(kind, rows)
    return rows
  }

  forget(): void {
    this.#kinds.clear()
  }
}
