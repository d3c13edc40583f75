// What happens in a run: steps that follow from its seed, and what each of them does to the world.
import type { Recipient } from '../../src/client/index.ts'
import { Device, short, type Asked } from './device.ts'
import { luckOf, uuidOf, type Luck } from './random.ts'
import { none, World, type Faults } from './world.ts'

/** How often each is chosen. */
const weights = {
  send: 30,
  repeat: 4,
  edit: 6,
  retract: 4,
  react: 8,
  read: 9,
  add: 7,
  remove: 4,
  leave: 4,
  cut: 7,
  stall: 3,
  offline: 3,
  online: 4,
  crash: 4,
  appear: 1,
  kill: 3,
  stop: 1,
  anew: 1,
  box: 3,
  store: 3,
  pause: 2,
} as const
type Kind = keyof typeof weights

const bag = (Object.keys(weights) as Kind[]).flatMap(kind => Array<Kind>(weights[kind]).fill(kind))

export interface Step {
  readonly n: number
  readonly kind: Kind
  /** Milliseconds after the step before. */
  readonly wait: number
}

export interface Setting {
  readonly seed: number
  readonly steps: readonly Step[]
}

export function settingOf(seed: number): Setting {
  const luck = luckOf(seed, 'steps')
  const count = 12 + luck.below(30)
  const calm = luck.chance(0.15)
  const steps = Array.from({ length: count }, (_, n): Step => {
    const wait = luck.chance(0.7) ? luck.next() * 25 : luck.chance(0.8) ? luck.next() * 400 : luck.next() * 9_000
    return { n, kind: calm ? luck.pick(['send', 'react', 'read', 'edit', 'add', 'leave']) : luck.pick(bag), wait }
  })
  return { seed, steps }
}

const names = ['ann', 'bob', 'cid', 'dee']

export class Cast {
  readonly world: World
  readonly users: readonly string[]
  readonly groups: string[] = []
  readonly devices: Device[] = []
  readonly asked: Asked[] = []
  readonly #crashed = new Set<Device>()
  /** Whose acks go astray: its user's messages are given up on, in the end. */
  readonly #deaf: boolean
  readonly #faults: Faults

  constructor(seed: number, verbose: boolean) {
    const luck = luckOf(seed, 'cast')
    const often = (most: number) => (luck.chance(0.5) ? luck.next() * most : 0)
    this.#deaf = luck.chance(0.1)
    this.world = new World(
      seed,
      {
        attempts: this.#deaf ? 3 : 20,
        resumePage: luck.pick([2, 3, 250]),
        outboxBytes: luck.chance(0.1) ? 4_000 : 4_000_000,
        slow: luck.pick([0, 0.2, 1]),
        sticky: luck.chance(0.3),
      },
      verbose,
    )
    this.users = names.slice(0, 2 + luck.below(3))
    this.#faults = {
      database: often(0.04),
      ...{ request: often(0.15), answer: often(0.25), torn: often(0.15), twice: often(0.15) },
    }
  }

  async begin(): Promise<void> {
    const { world, users } = this
    const luck = luckOf(world.seed, 'beginning')
    await world.log.begin(luck)
    await Promise.all([world.startBox(), world.startBox()])
    for (const user of users)
      for (const device of ['phone', 'desk'].slice(0, luck.chance(0.75) ? 2 : 1)) this.#appear(luck, user, device)
    for (let n = 0; n < 1 + luck.below(2); n++) {
      const [owner, ...others] = n === 0 ? users : users.toReversed()
      const members = others.filter(() => luck.chance(0.7))
      const id = uuidOf(luck)
      const asker = { actor: { user: owner!, device: 'phone', session: null }, origin: 'user' as const }
      const group = {
        id,
        name: `group ${n}`,
        members,
        delivered: luck.chance(0.7),
        retention: { mode: 'permanent' as const },
      }
      await world.boxes[0]!.commands.startGroup(asker, group)
      world.say(() => `${owner} has started the group ${short(id)} with ${members.join(', ')}`)
      this.groups.push(id)
    }
    world.faults = this.#faults
  }

  /** Waits for nothing: what it begins goes on while the next step is made. */
  do({ n, kind }: Step): void {
    const luck = luckOf(this.world.seed, `step ${n}`)
    const { world, devices } = this
    const device = luck.pick(devices)
    switch (kind) {
      case 'send': {
        const id = uuidOf(luck)
        const to = this.#recipient(luck, device)
        world.say(() => `${device.name} sends ${short(id)} to ${'user' in to ? to.user : short(to.conversation)}`)
        const text = luck.chance(0.1) ? `${n}${'.'.repeat(300)}` : `${n}`
        this.asked.push(device.send(id, to, { text }))
        if (luck.chance(0.15)) this.do({ n: n + 1000, kind, wait: 0 })
        return
      }
      case 'repeat': {
        if (this.asked.length === 0) return
        const { id, what, say, device: first } = luck.pick(this.asked)
        const other = luck.pick(devices.filter(({ user }) => user === first.user))
        world.say(() => `${other.name} says ${what} ${short(id)} again`)
        this.asked.push(other.ask(id, what, say))
        return
      }
      case 'edit':
      case 'retract':
      case 'react': {
        const of = this.#message(luck, device, kind !== 'react' && luck.chance(0.8))
        if (!of) return
        const id = uuidOf(luck)
        const { conversation, id: message } = of
        world.say(() => `${device.name} wants ${kind} ${short(id)} of ${short(message)}`)
        const [on, reaction] = [luck.chance(0.7), luck.pick(['👍', '🎉'])]
        this.asked.push(
          device.ask(id, kind, client => {
            if (kind === 'edit') return client.edit(conversation, message, { text: `edit ${n}` }, { id })
            if (kind === 'retract') return client.retract(conversation, message, { id })
            return client.react(conversation, message, reaction, { id, on })
          }),
        )
        return
      }
      case 'read': {
        const heard = device.told.flatMap(told =>
          told !== 'reset' && told.frame.type === 'message' ? [told.frame] : [],
        )
        if (heard.length === 0) return
        const { conversation, seq } = luck.pick(heard)
        world.say(() => `${device.name} reads ${short(conversation)} up to ${seq}`)
        return device.client.markRead(conversation, seq)
      }
      case 'add':
      case 'remove':
      case 'leave': {
        const group = luck.pick(this.groups)
        const user = kind === 'leave' ? device.user : luck.pick(this.users)
        const by = kind === 'leave' || luck.chance(0.2) ? device : luck.pick(devices)
        world.say(() => `${by.name}: ${kind} ${user} in ${short(group)}`)
        const done = kind === 'add' ? by.client.addMember(group, user) : by.client.removeMember(group, user)
        done.then(
          () => world.say(() => `  ${by.name}: ${kind} ${user} is done`),
          (error: Error) => world.say(() => `  ${by.name}: ${kind} ${user} is not: ${error.message}`),
        )
        return
      }
      case 'cut':
        if (device.connection?.isOver !== false) return
        world.say(() => `the connection of ${device.name} is cut`)
        return device.connection.cut()
      case 'stall':
        world.say(() => `nothing arrives on the connection of ${device.name}`)
        return device.connection?.stall(
          luck.next() * (luck.chance(0.5) ? 2_000 : 60_000),
          luck.pick(['up', 'down', 'both']),
        )
      case 'offline':
        world.say(() => `${device.name} is offline`)
        device.isOnline = false
        return device.connection?.cut()
      case 'online':
        for (const one of devices) one.isOnline ||= luck.chance(0.7)
        return
      case 'crash':
        if (this.#crashed.has(device)) return
        this.#crashed.add(device)
        device.crash()
        return void world.scheduler.after(luck.next() * 3_000, () => this.#return(device))
      case 'appear':
        if (devices.length < 9) this.#appear(luck, luck.pick(this.users), `new-${n}`)
        return
      case 'kill':
      case 'stop':
        if (world.boxes.length > 0) void world.endBox(luck.pick(world.boxes), kind)
        return
      case 'anew':
        if (world.boxes.length === 0) return
        world.say(() => 'a box is taken for lost, and sends everybody away')
        return luck.pick(world.boxes).startAnew()
      case 'box':
        if (world.boxes.length < 3) void world.startBox()
        return
      case 'store':
        if (!world.log.isUp) return
        world.say(() => 'the store goes away')
        world.log.stop()
        return void world.scheduler.after(luck.next() * (luck.chance(0.8) ? 1_000 : 20_000), () => {
          if (!world.log.isUp) world.log.start()
        })
      case 'pause':
        return
    }
  }

  /** Nothing goes wrong any more, and everybody is there. */
  heal(): void {
    const { world } = this
    world.say(() => 'everything is well again')
    world.faults = none
    if (!world.log.isUp) world.log.start()
    for (let n = world.boxes.length; n < 2; n++) void world.startBox()
    for (const device of this.devices) {
      device.isOnline = true
      this.#return(device)
    }
  }

  #return(device: Device): void {
    if (!this.#crashed.delete(device)) return
    this.world.say(() => `${device.name}'s app starts again`)
    device.start()
  }

  #appear(luck: Luck, user: string, device: string): void {
    const transport = luck.pick(['socket', 'socket', 'poll'] as const)
    const ack = this.#deaf && luck.chance(0.4) ? 'manual' : 'auto'
    this.world.say(() => `${user}/${device} comes over ${transport}`)
    this.devices.push(new Device(this.world, user, device, transport, ack))
  }

  #recipient(luck: Luck, { user }: Device): Recipient {
    if (luck.chance(0.7)) return { conversation: luck.pick(this.groups) }
    return { user: luck.pick(this.users.filter(name => name !== user)) }
  }

  /** That it was told, or has sent. */
  #message(luck: Luck, device: Device, own: boolean): { conversation: string; id: string } | undefined {
    const told = device.told.flatMap(one => (one !== 'reset' && one.frame.type === 'message' ? [one.frame] : []))
    const sent = this.asked.flatMap(({ what, outcome, device: by }) =>
      what === 'send' && by.user === device.user && typeof outcome === 'object' && 'seq' in outcome ? [outcome] : [],
    )
    const all = own ? sent : [...told, ...sent]
    return all.length === 0 ? undefined : luck.pick(all)
  }
}
