// Two people talk over one transport: what each says is answered, and comes to the other. Everything happens in a temporary group
// of the doctor's own, and what was answered is kept, to be held against what others say of it.
import { createHash, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { connect, type Body, type Client, type Sent } from '../../client/index.ts'
import type { Said } from './compare.ts'
import { next, within } from './wait.ts'

export type Transport = 'socket' | 'poll'

/** What was said so far, in one group. */
export interface Course {
  readonly conversation: string
  readonly said: Said[]
  /** What the reader has marked as read. */
  readUpTo: number
  /** Of what was said last. */
  position?: string
  /** What the server's clock said when something was sent, and the one here before and after. */
  clock?: { readonly at: string; readonly before: number; readonly after: number }
}

interface Speaker {
  readonly client: Client
  readonly user: string
}

/** A PNG of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** `reader` is undefined where the author has nobody to write to: a second session of theirs gets it. */
export async function openTalk(
  url: string,
  { author, reader }: { author: string; reader?: string },
  transport: Transport,
  course: Course,
) {
  const open = (token: string, way: Transport) => connect({ url, token, WebSocket, transport: way })
  // the two sessions of one device cannot both poll
  const ways =
    reader === undefined && transport === 'poll'
      ? (['poll', 'socket'] as const)
      : ([transport, reader === undefined ? 'poll' : transport] as const)
  const clients = [open(author, ways[0]), open(reader ?? author, ways[1])] as const
  const close = async () => {
    await within('goodbye', Promise.all(clients.map(client => client.close()))).catch(() => undefined)
  }
  try {
    const welcomes = await within('both to be welcomed', Promise.all([clients[0].ready(), clients[1].ready()]))
    const [from, to] = [
      { client: clients[0], user: welcomes[0].user },
      { client: clients[1], user: welcomes[1].user },
    ]
    return { ...talk(from, to, transport, course), close }
  } catch (error) {
    await close()
    throw error
  }
}

function talk(from: Speaker, to: Speaker, transport: Transport, course: Course) {
  const { conversation, said } = course
  const alone = from.user === to.user
  /** What an earlier run said may come again. */
  const tag = randomBytes(4).toString('hex')

  const note = (what: Said['what'], by: string, { id, seq, at, position }: Sent, more: Partial<Said> = {}): void => {
    said.push({ what, id, seq, at, by, message: id, ...more })
    course.position = position
  }

  /** Said by the author, and arrived as it was answered. */
  const send = async (body: Body): Promise<Sent> => {
    const arrives = next(to.client, 'message', message => isDeepStrictEqual(message.body, body))
    const before = Date.now()
    const sent = await within('the send to be answered', from.client.send({ conversation }, body))
    course.clock ??= { at: sent.at, before, after: Date.now() }
    note('MessageSent', from.user, sent, { body })
    const message = await within('the message to arrive', arrives)
    if (message.id !== sent.id || message.seq !== sent.seq || message.from !== from.user)
      throw new Error(`sent as ${sent.id} #${sent.seq}, received as ${message.id} #${message.seq} from ${message.from}`)
    return sent
  }

  return {
    async message(): Promise<string> {
      const marks: { delivered?: number | undefined; read?: number | undefined }[] = []
      let look = (): void => undefined
      from.client.on('receipt', ({ by, delivered, read }) => {
        if (by === to.user) marks.push({ delivered, read })
        look()
      })
      const marked = (kind: 'delivered' | 'read', seq: number) =>
        new Promise<void>(resolve => {
          look = () => {
            if (marks.some(mark => (mark[kind] ?? -1) >= seq)) resolve()
          }
          look()
        })
      const { seq } = await send({ text: `doctor ${tag} over ${transport}` })
      if (alone) return 'sent, received by another session'
      await within('the author to hear that it is delivered', marked('delivered', seq))
      to.client.markRead(conversation, seq)
      await within('the author to hear that it is read', marked('read', seq))
      course.readUpTo = seq
      return 'sent, received, delivered, read'
    },

    async changes(): Promise<string> {
      const { id: message } = said.findLast(({ what }) => what === 'MessageSent')!
      const body = { text: `doctor ${tag} over ${transport}, edited` }
      const edited = next(to.client, 'edited', one => one.message === message && isDeepStrictEqual(one.body, body))
      note(
        'MessageEdited',
        from.user,
        await within('the edit to be answered', from.client.edit(conversation, message, body)),
        { message, body },
      )
      await within('the edit to arrive', edited)

      const reaction = '👍'
      const reacted = next(from.client, 'reacted', one => one.message === message && one.reaction === reaction)
      const answer = await within('the reaction to be answered', to.client.react(conversation, message, reaction))
      note('ReactionAdded', to.user, answer, { message, reaction })
      await within('the reaction to arrive', reacted)

      const { id: wrong } = await send({ text: `doctor ${tag} over ${transport}, taken back` })
      const retracted = next(to.client, 'retracted', one => one.message === wrong)
      note(
        'MessageRetracted',
        from.user,
        await within('the retraction to be answered', from.client.retract(conversation, wrong)),
        { message: wrong },
      )
      await within('the retraction to arrive', retracted)
      return 'edited, reacted, retracted'
    },

    async image(): Promise<string> {
      const { id, sha256, type } = await within('the upload', from.client.uploadMedia(pixel))
      await send({ text: `doctor ${tag} over ${transport}, an image`, attachments: [id] })
      const shown = await within('the image', to.client.media(id))
      const bytes = Buffer.from(await shown.arrayBuffer())
      const found = createHash('sha256').update(bytes).digest('hex')
      if (found !== sha256) throw new Error(`the image was uploaded as ${sha256} and is shown as ${found}`)
      return `uploaded, shown (${bytes.length} bytes of ${type})`
    },

    /** `surely`: nobody can have hidden that they are there. */
    async presence(surely: boolean): Promise<string> {
      const told = next(
        from.client,
        'presence',
        ({ user, state }) => user === to.user && (state === 'online' || !surely),
      )
      to.client.activity()
      from.client.watch([to.user])
      const { state } = await within(`${to.user} to be seen online`, told)
      from.client.unwatch([to.user])
      return state === 'online' ? 'online is seen' : 'offline is told: they may have hidden it'
    },
  }
}
