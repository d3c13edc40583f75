// Who may see whose presence, of those who watch and are watched here. The read models decide; what may change it makes them be
// asked again. Nobody is seen before it is known that they may be.
import type { Audience } from '../../domain/index.ts'
import type { Feed, RecordedEvent } from '../../eventstore/index.ts'
import type { Projections } from '../../projections/index.ts'
import type { Timers } from '../timers.ts'

export interface Sight {
  /** Whether it is known now of each of these whether the viewer may see them; the read models may be too far behind. */
  look(viewer: string, users: readonly string[]): Promise<boolean>
  sees(viewer: string, user: string): boolean
  /** The viewer does not watch this user any more. */
  forget(viewer: string, user: string): void
  take(events: readonly RecordedEvent[]): void
}

interface Seen {
  sees: boolean
  /** Which question was answered so: a later one knows better. */
  asked: number
}

interface Watched {
  /** Undefined while it is not known. */
  audience: Audience | undefined
  readonly viewers: Map<string, Seen>
}

interface Pair {
  readonly viewer: string
  readonly user: string
}

/** How long the read models may take to get to where the feed is (milliseconds). */
const reachedMs = 5_000
/** When it is asked again after it could not be answered (milliseconds). */
const againMs = 1_000

/** `changed` hears of each pair for which it is another than before, but for the first time. */
export function createSight(
  projections: Pick<Projections, 'queries' | 'reached'>,
  feed: Pick<Feed, 'head'>,
  timers: Pick<Timers, 'after'>,
  changed: (viewer: string, user: string) => void,
): Sight {
  const watched = new Map<string, Watched>()
  let questions = 0

  /** Asked as of what the feed has brought: an answer from before that could let somebody see who no longer may. */
  const ask = async (pairs: readonly Pair[]): Promise<Pair[] | 'behind'> => {
    if (!(await projections.reached(feed.head(), reachedMs))) return 'behind'
    const asked = ++questions
    const changes: Pair[] = []
    for (const { viewer, user, audience, sees } of await projections.queries.sight(pairs)) {
      const one = watched.get(user)
      const seen = one?.viewers.get(viewer)
      if (!one || !seen || seen.asked > asked) continue
      one.audience = audience
      if (seen.sees !== sees && seen.asked > 0) changes.push({ viewer, user })
      Object.assign(seen, { sees, asked })
    }
    return changes
  }

  const askAgain = (users: ReadonlySet<string>): void => {
    const pairs = [...users].flatMap(user =>
      [...(watched.get(user)?.viewers.keys() ?? [])].map(viewer => ({ viewer, user })),
    )
    if (pairs.length === 0) return
    const later = () => void timers.after(againMs, () => askAgain(users))
    ask(pairs).then(changes => (changes === 'behind' ? later() : tell(changes)), later)
  }
  const tell = (changes: readonly Pair[]): void => {
    for (const { viewer, user } of changes) changed(viewer, user)
  }

  /** Who lets contacts see them: whom they meet or part from decides. Where it is not known yet, it may be so. */
  const seenByContacts = () =>
    [...watched].filter(([, { audience }]) => audience === 'contacts' || audience === undefined)

  return {
    look: async (viewer, users) => {
      const pairs = users.map(user => ({ viewer, user }))
      for (const { user } of pairs) {
        let one = watched.get(user)
        if (!one) watched.set(user, (one = { audience: undefined, viewers: new Map() }))
        if (!one.viewers.has(viewer)) one.viewers.set(viewer, { sees: false, asked: 0 })
      }
      const changes = await ask(pairs)
      if (changes === 'behind') return false
      tell(changes)
      return true
    },

    sees: (viewer, user) => watched.get(user)?.viewers.get(viewer)?.sees === true,

    forget: (viewer, user) => {
      const one = watched.get(user)
      one?.viewers.delete(viewer)
      if (one?.viewers.size === 0) watched.delete(user)
    },

    take: events => {
      const users = new Set<string>()
      let choosy: [string, Watched][] | undefined
      for (const event of events) {
        const people = peopleOf(event)
        if (people === undefined) continue
        if (people === 'own') {
          const { user } = event.data as { user: string }
          if (watched.has(user)) users.add(user)
          continue
        }
        choosy ??= seenByContacts()
        if (choosy.length === 0) continue
        const met = new Set(people)
        for (const [user, { viewers }] of choosy)
          if (met.has(user) || [...viewers.keys()].some(viewer => met.has(viewer))) users.add(user)
      }
      if (users.size > 0) askAgain(users)
    },
  }
}

/** Whom an event brings together or parts; `own` where it is somebody's own affair; undefined where it is nothing of that. */
function peopleOf(event: RecordedEvent): readonly string[] | 'own' | undefined {
  switch (event.type) {
    case 'PrivacyChanged':
    case 'UserBlocked':
    case 'UserUnblocked':
      return 'own'
    case 'ConversationStarted':
      return event.data.members.map(({ user }) => user)
    case 'MemberJoined':
    case 'MemberLeft':
    case 'MemberRemoved':
      return [event.data.user]
    default:
      return undefined
  }
}
