// One run: the world, the steps, the healing, and what is then not as it should be.
import { check } from './check.ts'
import { entropy, hashOf, luckOf } from './random.ts'
import { Cast, settingOf, type Setting } from './scenario.ts'
import { instead } from './scheduler.ts'

export interface Outcome {
  readonly violations: readonly string[]
  /** The same where the same has happened. */
  readonly hash: number
  readonly tasks: number
  readonly events: number
  readonly lines: readonly string[]
}

const longestMs = 900_000

export async function run(setting: Setting, verbose = false): Promise<Outcome> {
  const { seed, steps } = setting
  entropy.luck = luckOf(seed, 'entropy')
  entropy.lruMax = entropy.luck.pick([2, 5, 64])
  const cast = new Cast(seed, verbose)
  const { world } = cast
  const { scheduler } = world
  const never = () => false
  return instead(
    scheduler,
    () => entropy.luck.next(),
    async () => {
      let begun = false
      void cast.begin().then(() => (begun = true))
      if (!(await scheduler.runUntil(() => begun, longestMs))) world.found('it did not begin')
      for (const step of steps) {
        await scheduler.runUntil(never, step.wait)
        cast.do(step)
      }
      await scheduler.runUntil(never, luckOf(seed, 'end').next() * 2_000)
      cast.heal()
      let quiet = 0
      for (let waited = 0, end = -1; quiet < 3 && waited < longestMs; waited += 1_000) {
        await scheduler.runUntil(never, 1_000)
        const here = unsettled(cast).length === 0 && end === world.log.end()
        quiet = here ? quiet + 1 : 0
        end = world.log.end()
      }
      if (quiet < 3) world.found(`it does not come to rest: ${unsettled(cast).join(', ')}`)
      else await check(cast)
      const told = cast.devices.flatMap(device => device.told)
      const log = world.log.events()
      return {
        violations: world.violations,
        hash: hashOf(JSON.stringify([log, told, world.violations]), scheduler.hash),
        tasks: scheduler.tasks,
        events: log.length,
        lines: world.lines ?? [],
      }
    },
  )
}

/** What is still under way. */
function unsettled({ world, devices, asked }: Cast): string[] {
  const last = world.log.events().findLast(({ stream }) => /^(conversation|receipts)-/.test(stream))?.position ?? -1
  return [
    ...(world.boxes.length < 2 ? ['boxes start'] : []),
    ...world.boxes.filter(box => box.position() < last).map(({ name }) => `${name} is behind`),
    ...(world.database.position < last ? ['the read models are behind'] : []),
    ...devices.flatMap(({ name, client, position }) => {
      if (client.state !== 'live') return [`${name} is ${client.state}`]
      return position < last ? [`${name} is at ${position} of ${last}`] : []
    }),
    ...devices
      .filter(({ ack }) => ack === 'auto')
      .flatMap(({ name, user, heard }) =>
        [...heard].flatMap(([conversation, seq]) => {
          if (!world.database.models.waits(user, conversation, seq)) return []
          return [`${name} has got ${conversation} up to ${seq}, and nobody knows`]
        }),
      ),
    ...asked.filter(({ outcome }) => outcome === undefined).map(({ what, id }) => `${what} ${id} is not answered`),
  ]
}

/** Fewer steps that go wrong too: leaves out what it can, in halves and quarters and one by one, as long as there are tries. */
export async function shortest(setting: Setting, tries = 150): Promise<Setting> {
  let best = setting
  for (let size = best.steps.length >> 1; size >= 1 && tries > 0; size >>= 1)
    for (let from = 0; from < best.steps.length && tries > 0;) {
      const steps = best.steps.filter((_, n) => n < from || n >= from + size)
      tries--
      if ((await run({ ...best, steps })).violations.length > 0) best = { ...best, steps }
      else from += size
    }
  return best
}

export { settingOf }
