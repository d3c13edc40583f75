// What can be asked about devices; a part of api.ts.

/** A device that is linked. */
export interface DeviceRow {
  readonly device: string
  readonly linkedAt: string
  /** Open, by the log. */
  readonly sessions: number
  /** When a session of it last opened or closed; null: it has had none. */
  readonly lastSeenAt: string | null
}

/** When a device was last signed out. */
export interface SignedOutRow {
  readonly user: string
  readonly device: string
  readonly at: string
  /** Whether it has been linked again since. */
  readonly linked: boolean
}

/** Of a device: it is linked; it is not, and its person has had others or this one; nothing of this person is known. */
export type DeviceStanding = 'linked' | 'not-linked' | 'unknown'

export interface DeviceQueries {
  /** A person's linked devices by name, a page after one of them. */
  devicesOf(user: string, after: string | undefined, limit: number): Promise<readonly DeviceRow[]>
  /** Of everybody, as far as ever signed out: what gateways begin with. */
  signedOutDevices(): Promise<readonly SignedOutRow[]>
}
