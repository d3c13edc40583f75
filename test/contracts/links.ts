// Links: events of type $> whose data names another event, which whoever asks for it is shown in their place.
import { END, streamNameFilter } from '@eventstore/db-client'
import type { EventData, ResolvedEvent } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { becomes, follow } from './reading.ts'
import { event, events, fresh, positionOf } from './store.ts'
import type { Store } from './store.ts'

const linkTo = (data: string): EventData => ({
  ...event(0, '$>'),
  contentType: 'application/octet-stream',
  data: new TextEncoder().encode(data),
})

export const behavesLikeLinks = (store: Store): void => {
  const resolved = (stream: string) => store.read(stream, { resolveLinkTos: true })
  const streamOf = async (count: number): Promise<string> => {
    const stream = fresh()
    await store.append(stream, events(count))
    return stream
  }
  const linksTo = async (...targets: string[]): Promise<string> => {
    const links = fresh('links')
    await store.append(links, targets.map(linkTo))
    return links
  }
  /** What stands for each: the target's `revision@stream`, or nothing; and the link's revision, where there is one. */
  const inShort = (found: ResolvedEvent[]) =>
    found.map(({ event: e, link }) => [e && `${e.revision}@${e.streamId}`, link && Number(link.revision)])

  describe('a link', () => {
    it('shows the event it names, and itself beside it', async () => {
      const target = await streamOf(3)
      const links = await linksTo(`1@${target}`)
      const [found] = await resolved(links)
      expect(found!.event).toEqual((await store.read(target))[1]!.event)
      expect(found!.link).toMatchObject({ streamId: links, type: '$>', revision: 0n, isJson: false })
      expect(found!.commitPosition).toBe(found!.link!.position!.commit)
    })

    it('is shown as it is to who does not ask for more', async () => {
      const target = await streamOf(1)
      const [found] = await store.read(await linksTo(`0@${target}`))
      expect(found!.link).toBeUndefined()
      expect(found!.event).toMatchObject({ type: '$>', isJson: false })
      expect(Buffer.from(found!.event!.data as Uint8Array).toString()).toBe(`0@${target}`)
    })

    it('stands in its own order, both ways, among events that are none', async () => {
      const [a, b] = [await streamOf(3), await streamOf(3)]
      const links = await linksTo(`2@${a}`, `0@${b}`, `1@${a}`)
      await store.append(links, event(9))
      const expected = [
        [`2@${a}`, 0],
        [`0@${b}`, 1],
        [`1@${a}`, 2],
        [`3@${links}`, undefined],
      ]
      expect(inShort(await resolved(links))).toEqual(expected)
      const backwards = { direction: 'backwards', fromRevision: END, resolveLinkTos: true } as const
      expect(inShort(await store.read(links, backwards))).toEqual(expected.reverse())
    })

    it('to what is not there shows itself alone', async () => {
      const target = await streamOf(2)
      const links = await linksTo(`2@${target}`, `0@${fresh()}`, '99999999999999999@x', `1@${target}`)
      expect(inShort(await resolved(links))).toEqual([
        [undefined, 0],
        [undefined, 1],
        [undefined, 2],
        [`1@${target}`, 3],
      ])
    })

    it('to what readers are not shown any more shows itself alone', async () => {
      const target = await streamOf(4)
      const links = await linksTo(`0@${target}`, `1@${target}`, `3@${target}`)
      await store.client().setStreamMetadata(target, { truncateBefore: 1 })
      expect(inShort(await resolved(links))).toEqual([
        [undefined, 0],
        [`1@${target}`, 1],
        [`3@${target}`, 2],
      ])
      await store.client().setStreamMetadata(target, { maxCount: 1 })
      expect(inShort(await resolved(links)).map(([shown]) => shown)).toEqual([undefined, undefined, `3@${target}`])
    })

    it('to what has grown too old shows itself alone', async () => {
      const target = await streamOf(1)
      const links = await linksTo(`0@${target}`)
      await store.client().setStreamMetadata(target, { maxAge: 1 })
      const found = await becomes(
        () => resolved(links),
        ([only]) => only!.event === undefined,
        Infinity,
      )
      expect(inShort(found)).toEqual([[undefined, 0]])
    })

    it('into a deleted stream shows itself alone, and into one written again what is new', async () => {
      const target = await streamOf(2)
      const links = await linksTo(`1@${target}`, `2@${target}`)
      await store.client().deleteStream(target)
      const alone = [
        [undefined, 0],
        [undefined, 1],
      ]
      expect(inShort(await resolved(links))).toEqual(alone)
      await store.append(target, event(2))
      const found = await becomes(
        () => resolved(links),
        ([, second]) => second!.event !== undefined,
      )
      expect(inShort(found)).toEqual([
        [undefined, 0],
        [`2@${target}`, 1],
      ])
    })

    it('into a stream that was closed for good shows itself alone', async () => {
      const target = await streamOf(2)
      const links = await linksTo(`1@${target}`)
      await store.client().tombstoneStream(target)
      expect(inShort(await resolved(links))).toEqual([[undefined, 0]])
    })

    it('to a link shows that link: one step, no more', async () => {
      const target = await streamOf(1)
      const links = await linksTo(`0@${target}`)
      const twice = await linksTo(`0@${links}`, `0@${target}`)
      const [first, second] = await resolved(twice)
      expect([first!.event!.type, first!.event!.streamId]).toEqual(['$>', links])
      expect(second!.event!.streamId).toBe(target)
    })

    it('to itself shows itself twice', async () => {
      const links = fresh('links')
      await store.append(links, linkTo(`0@${links}`))
      expect(inShort(await resolved(links))).toEqual([[`0@${links}`, 0]])
    })

    it('may name a stream with a sign that separates', async () => {
      const target = `user@${fresh()}@example`
      await store.append(target, events(2))
      expect(inShort(await resolved(await linksTo(`1@${target}`)))).toEqual([[`1@${target}`, 0]])
    })

    it('may come before the event it names', async () => {
      const target = fresh()
      const links = await linksTo(`0@${target}`)
      expect(inShort(await resolved(links))).toEqual([[undefined, 0]])
      await store.append(target, event(0))
      expect(inShort(await resolved(links))).toEqual([[`0@${target}`, 0]])
    })

    it('without a stream shows itself alone; one that names no revision is an event like any other', async () => {
      const links = await linksTo('5', 'nonsense', '@x')
      expect(inShort(await resolved(links))).toEqual([
        [undefined, 0],
        [`1@${links}`, undefined],
        [`2@${links}`, undefined],
      ])
    })

    it('to the metadata of a stream shows it while it is what holds', async () => {
      const target = await streamOf(1)
      await store.client().setStreamMetadata(target, { maxCount: 5 })
      const links = await linksTo(`0@$$${target}`)
      expect((await resolved(links))[0]!.event!.data).toEqual({ $maxCount: 5 })
      await store.client().setStreamMetadata(target, { maxCount: 6 })
      expect(inShort(await resolved(links))).toEqual([[undefined, 0]])
    })

    it('is shown resolved in $all too', async () => {
      const target = await streamOf(1)
      const before = await store.append(fresh(), event(0))
      const links = await linksTo(`0@${target}`, `9@${target}`)
      const found = await store.readAll({ fromPosition: positionOf(before), resolveLinkTos: true })
      const mine = found.filter(({ link }) => link?.streamId === links)
      expect(inShort(mine)).toEqual([
        [`0@${target}`, 0],
        [undefined, 1],
      ])
      expect(mine.map(({ commitPosition }) => commitPosition)).toEqual(mine.map(({ link }) => link!.position!.commit))
    })

    it('is resolved for subscribers, what is there and what comes', async () => {
      const target = await streamOf(3)
      const links = await linksTo(`0@${target}`, `9@${target}`)
      const subscription = follow(store.client().subscribeToStream(links, { resolveLinkTos: true }))
      await subscription.caughtUp
      await store.append(links, [linkTo(`2@${target}`), event(7)])
      expect(inShort(await subscription.until(4))).toEqual([
        [`0@${target}`, 0],
        [undefined, 1],
        [`2@${target}`, 2],
        [`3@${links}`, undefined],
      ])
    })

    it('is resolved for subscribers to $all, and filtered by what it is itself', async () => {
      const target = await streamOf(2)
      const before = await store.append(fresh(), event(0))
      const links = await linksTo(`0@${target}`)
      const filter = streamNameFilter({ prefixes: [links] })
      const options = { fromPosition: positionOf(before), filter, resolveLinkTos: true }
      const subscription = follow(store.client().subscribeToAll(options))
      const unfiltered = follow(store.client().subscribeToAll({ ...options, filter: undefined as never }))
      await Promise.all([subscription.caughtUp, unfiltered.caughtUp])
      await store.append(target, event(2))
      await store.append(links, linkTo(`1@${target}`))
      const expected = [
        [`0@${target}`, 0],
        [`1@${target}`, 1],
      ]
      expect(inShort(await subscription.until(2))).toEqual(expected)
      const isLink = ({ link }: ResolvedEvent) => link?.streamId === links
      while (unfiltered.found.filter(isLink).length < 2) await unfiltered.until(unfiltered.found.length + 1)
      expect(inShort(unfiltered.found.filter(isLink))).toEqual(expected)
    })
  })
}
