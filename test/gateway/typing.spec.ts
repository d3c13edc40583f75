// Who is told that somebody types.
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Asker } from '../../src/commands/index.ts'
import { refuse, type Refusal } from '../../src/domain/index.ts'
import type { Outgoing } from '../../src/gateway/socket/outbox.ts'
import { createTyping } from '../../src/gateway/socket/typing.ts'
import { clock, textOf } from './given.ts'

const conversation = '6f2f3c36-2c39-5c55-9e53-0c3f8f1f3a10'
const by = (user: string): Asker => ({ actor: { user, device: 'phone', session: `${user}s` }, origin: 'user' })

function room(answer?: Refusal) {
  const shedding = { now: false }
  const time = clock()
  const told: string[] = []
  const tellRoom = (to: string, frame: Outgoing, except: string | null) =>
    void told.push(`${textOf(frame)} to ${to.slice(0, 4)} but ${except}`)
  const heard = new Subject<string>()
  const whispered: string[] = []
  const whispers = { heard, say: (text: string) => void whispered.push(text) }
  const announceTyping = () => Promise.resolve(answer)
  const typing = createTyping({ announceTyping }, { tellRoom }, time, whispers, () => shedding.now)
  return { time, told, typing, heard, whispered, shedding }
}
const said = (user: string) =>
  `{"type":"typing","conversation":"${conversation}","user":"${user}"} to 6f2f but ${user}s`

describe('typing', () => {
  it('[T9] is told the room, but not the session that says it, and at most once a second of each', async () => {
    const { time, told, typing } = room()
    expect(await typing(by('ann'), conversation)).toBeUndefined()
    await typing(by('ann'), conversation)
    await typing(by('bob'), conversation)
    time.pass(999)
    await typing(by('ann'), conversation)
    time.pass(1)
    await typing(by('ann'), conversation)
    expect(told).toEqual([said('ann'), said('bob'), said('ann')])
  })
  it('[T9] is refused where one may not act, and told nobody', async () => {
    const { told, typing, whispered } = room(refuse('not-a-member'))
    expect(await typing(by('ann'), conversation)).toMatchObject({ refused: 'not-a-member' })
    expect([told, whispered]).toEqual([[], []])
  })
  it('[T9] is told the other boxes, and what they tell is told the room here and not told on', async () => {
    const one = room()
    await one.typing(by('ann'), conversation)
    await one.typing(by('ann'), conversation)
    expect(one.whispered).toHaveLength(1)
    const other = room()
    for (const text of ['{"coughing":true}', 'cough', ...one.whispered]) other.heard.next(text)
    expect(other.told).toEqual([said('ann').replace('anns', 'null')])
    expect(other.whispered).toEqual([])
  })
  it('[H5] is told nobody where it is too much, here or at another box', async () => {
    const { told, typing, whispered, heard, shedding } = room()
    shedding.now = true
    expect(await typing(by('ann'), conversation)).toBeUndefined()
    heard.next(JSON.stringify({ typing: { conversation, user: 'bob' } }))
    expect([told, whispered]).toEqual([[], []])
    shedding.now = false
    await typing(by('ann'), conversation)
    expect(told).toEqual([said('ann')])
  })
})
