// Waiting for a position: the same whether this process writes the read models or follows another that does.
import { filter, firstValueFrom, map, of, timeout, type Observable } from 'rxjs'
import type { Position } from '../eventstore/index.ts'

/** Whether the position came, within so many milliseconds and before the end. */
export const reachedIn =
  (positions: Observable<Position>) =>
  (position: Position, withinMs: number): Promise<boolean> =>
    firstValueFrom(
      positions.pipe(
        filter(now => now >= position),
        map(() => true),
        timeout({ first: withinMs, with: () => of(false) }),
      ),
      { defaultValue: false },
    )
