// The read model of devices: which are linked since when, when each was last there, and which were signed out when.
import { sql } from 'kysely'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import type { DeviceRow, SignedOutRow } from './device-api.ts'
import { only, type ReadModel } from './read-model.ts'

interface DeviceColumns {
  user_id: string
  device: string
  /** Null: not linked (any more, or yet: a session's opening may come before its device). */
  linked_at: Date | null
  signed_out_at: Date | null
  seen_at: Date | null
}

declare module './database.ts' {
  interface Tables {
    device: DeviceColumns
  }
}

/** What a batch says of a device: `settled` where it says whether it is linked. */
interface Change {
  readonly user_id: string
  readonly device: string
  settled: boolean
  linked_at: string | null
  signed_out_at: string | null
  seen_at: string | null
}

export const device: ReadModel = {
  name: 'device',
  version: 1,
  tables: `
    create table device (
      user_id text collate "C" not null,
      device text collate "C" not null,
      linked_at timestamptz(3),
      signed_out_at timestamptz(3),
      seen_at timestamptz(3),
      primary key (user_id, device)
    );
    create index device_signed_out on device (user_id, device) where signed_out_at is not null;`,

  async fold(db, events) {
    const changes = new Map<string, Change>()
    for (const { type, data } of only(events, 'DeviceLinked', 'DeviceSignedOut', 'SessionOpened', 'SessionClosed')) {
      const { user: user_id, device, at } = data
      const key = `${user_id}\n${device}`
      const nothing = { settled: false, linked_at: null, signed_out_at: null, seen_at: null }
      const change = changes.get(key) ?? { user_id, device, ...nothing }
      changes.set(key, change)
      if (type === 'DeviceLinked') Object.assign(change, { settled: true, linked_at: at })
      else if (type === 'DeviceSignedOut')
        Object.assign(change, { settled: true, linked_at: null, signed_out_at: later(change.signed_out_at, at) })
      else change.seen_at = later(change.seen_at, at)
    }
    const all = [...changes.values()]
    const settled = all.filter(change => change.settled)
    const seen = all.filter(change => !change.settled)
    if (seen.length > 0)
      await sql`insert into ${db.table('device')} as d select * from ${recordset(seen, changeColumns)}
        on conflict (user_id, device) do update set seen_at = greatest(d.seen_at, excluded.seen_at)`.execute(db.kysely)
    if (settled.length > 0)
      await sql`insert into ${db.table('device')} as d select * from ${recordset(settled, changeColumns)}
        on conflict (user_id, device) do update set linked_at = excluded.linked_at,
          signed_out_at = greatest(d.signed_out_at, excluded.signed_out_at),
          seen_at = greatest(d.seen_at, excluded.seen_at)`.execute(db.kysely)
  },
}

const changeColumns = columns(
  'user_id text, device text, linked_at timestamptz, signed_out_at timestamptz, seen_at timestamptz',
)

/** Times of one log may come from several clocks. */
const later = (one: string | null, other: string): string =>
  one !== null && Date.parse(one) > Date.parse(other) ? one : other

export async function devicesOf(db: Db, user: string, after: string, limit: number): Promise<DeviceRow[]> {
  const rows = await rowsOf(
    db,
    sql<{ device: string; linked_at: Date; seen_at: Date | null; sessions: number }>`
      select d.device, d.linked_at, d.seen_at, (
        select count(*)::integer from ${db.table('session')} s
        where s.user_id = d.user_id and s.device = d.device and s.closed_position is null) as sessions
      from ${db.table('device')} d
      where d.user_id = ${user} and d.device > ${after} and d.linked_at is not null
      order by d.device limit ${limit}`,
  )
  return rows.map(({ device, linked_at, seen_at, sessions }) => ({
    device,
    linkedAt: linked_at.toISOString(),
    sessions,
    lastSeenAt: seen_at?.toISOString() ?? null,
  }))
}

export async function signedOutDevices(db: Db): Promise<SignedOutRow[]> {
  const rows = await rowsOf(
    db,
    sql<{ user_id: string; device: string; signed_out_at: Date; linked: boolean }>`
      select user_id, device, signed_out_at, linked_at is not null as linked from ${db.table('device')}
      where signed_out_at is not null`,
  )
  return rows.map(({ user_id, device, signed_out_at, linked }) => ({
    user: user_id,
    device,
    at: signed_out_at.toISOString(),
    linked,
  }))
}
