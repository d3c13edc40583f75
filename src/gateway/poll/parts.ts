// What all poll sessions of a box share: what its sockets share, and the read models' place.
import type { Projections } from '../../projections/index.ts'
import type { SocketParts } from '../socket/parts.ts'

export interface PollParts extends Omit<SocketParts, 'table' | 'ticks'> {
  readonly projections: Pick<Projections, 'position' | 'reached'>
}
