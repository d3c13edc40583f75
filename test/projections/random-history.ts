// Random histories: two groups, four people with two devices each, who come, go and are taken out, change what the group is,
// talk, get and read, in any order.
import fc from 'fast-check'
import type { Recorded, RecordedEvent } from '../../src/eventstore/index.ts'
import { History, messageId } from './history.ts'

export const people = ['ann', 'bob', 'cid', 'dee'] as const
export const groups = ['g1', 'g2'] as const
export const images = ['i1', 'i2'] as const

const what = fc.constantFrom(
  ...(['say', 'say', 'say', 'say', 'join', 'leave', 'remove', 'promote', 'rename', 'keep', 'mark'] as const),
  ...(['edit', 'retract', 'fail', 'react', 'react', 'unreact', 'block', 'unblock', 'hide'] as const),
  ...([
    'deliver',
    'read',
    'open',
    'close',
    'act',
    'import',
    'show',
    'show',
    'reshow',
    'upload',
    'upload',
    'discard',
  ] as const),
)
const step = fc.record({
  what,
  group: fc.constantFrom(...groups),
  who: fc.constantFrom(...people),
  device: fc.constantFrom('phone', 'desk'),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
})

const other = (who: (typeof people)[number], share: number) =>
  people.filter(one => one !== who)[Math.floor(share * 2.99)]!

/** Any events that any log may have, also such as no decider would allow: joining twice, leaving unjoined, marks that fall. */
export const randomHistory = (steps = 60): fc.Arbitrary<RecordedEvent[]> =>
  fc.array(step, { minLength: 10, maxLength: steps, size: 'max' }).map(all => {
    const history = new History()
    const ends = new Map(groups.map(group => [group, 0]))
    const message = (group: string, share: number) => {
      const said = history.events.filter(
        (event): event is Recorded<'MessageSent'> =>
          event.type === 'MessageSent' && event.stream === `conversation-${group}`,
      )
      const nothing = { stream: `conversation-${group}`, id: messageId('none'), revision: 3, data: { from: 'ann' } }
      return said[Math.floor(share * (said.length + 1))] ?? nothing
    }
    history.started('g1', ['ann', 'bob'])
    history.started('g2', ['ann'])
    for (const { what, group, who, device, share } of all) {
      const end = ends.get(group)!
      const upTo = Math.round(share * end)
      const revision = {
        say: () => history.said(group, who).revision,
        show: () => history.said(group, who, { media: images.slice(Math.round(share)) }).revision,
        upload: () => (history.uploaded(images[Math.round(share)]!, who), end),
        discard: () => (history.discarded(images[Math.round(share)]!), end),
        join: () => history.joined(group, who).revision,
        leave: () => history.left(group, who).revision,
        reshow: () => history.edited(message(group, share), who, undefined, images.slice(Math.round(share))).revision,
        edit: () => history.edited(message(group, share), who).revision,
        retract: () => history.retracted(message(group, share), who).revision,
        fail: () => history.failed(message(group, share), who).revision,
        react: () => history.reacted(message(group, share), who, device === 'desk' ? '👍' : '🎉').revision,
        unreact: () => history.reacted(message(group, share), who, device === 'desk' ? '👍' : '🎉', false).revision,
        block: () => (history.blocked(who, other(who, share)), end),
        unblock: () => (history.blocked(who, other(who, share), false), end),
        hide: () => (history.shows(who, (['everyone', 'contacts', 'nobody'] as const)[Math.floor(share * 2.99)]!), end),
        remove: () => history.removed(group, who).revision,
        promote: () => history.role(group, who, share > 0.5 ? 'admin' : 'member').revision,
        rename: () => history.renamed(group, `${who}'s`).revision,
        keep: () => history.kept(group, { mode: 'temporary', ttlMs: 1000 + Math.round(share * 9000) }).revision,
        mark: () => history.marksKept(group, share > 0.3).revision,
        import: () => history.imported(group, 'old', history.end).revision,
        deliver: () => (history.delivered(group, who, upTo, device), end),
        read: () => (history.read(group, who, upTo, device), end),
        open: () => (history.opened(who, `${who}-${device}`, device), end),
        close: () => (history.closed(who, `${who}-${device}`, device), end),
        act: () => (history.active(who), end),
      }[what]()
      ends.set(group, revision)
    }
    return history.events
  })
