// A conversation at the terminal: what is typed goes out, what comes in is shown, and what is shown is read.
import { Refused } from '../../client/index.ts'
import type { Body, Client, FrameOf, Message, Recipient } from '../../client/index.ts'
import { Complaint, explain } from '../complain.ts'
import {
  changedLine,
  editedLine,
  expiredLine,
  failedLine,
  inboxLine,
  memberLine,
  messageLine,
  presenceLine,
  reactedLine,
  receiptLine,
  refusedLine,
  retractedLine,
  sentLine,
  textOf,
} from './lines.ts'
import { imageBody } from './image.ts'
import { Names } from './names.ts'
import { orders, ordersHelp, type Here, type Order, type Said } from './orders.ts'
import { searchLines } from './search.ts'
import type { Screen } from './screen.ts'

const HISTORY = 20
const HELP = `/to USER, /to CONVERSATION-ID, /image FILE, /read, /who USER, /inbox, /search WORDS, /me DOES SOMETHING, ${ordersHelp}, /quit`
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

interface Chat {
  readonly to: Recipient
  /** Unknown while nobody has written to the other. */
  conversation?: string | undefined
}

export class Talk {
  readonly #client: Client
  readonly #user: string
  readonly #screen: Screen
  readonly #names: Names
  readonly #sending = new Set<Promise<void>>()
  /** By conversation: the last message, the last own one, and up to where whose receipts have been shown. */
  readonly #last = new Map<string, Said>()
  readonly #own = new Map<string, Said>()
  readonly #receipts = new Map<string, number>()
  /** What a history has shown: it may be on its way as well. */
  readonly #shown = new Set<string>()
  /** One line after the other, though names have to be asked for. */
  #printing: Promise<unknown> = Promise.resolve()
  #chat: Chat | undefined
  /** Of what was said last: a search has it. */
  #position: string | undefined

  constructor(client: Client, user: string, screen: Screen) {
    this.#client = client
    this.#user = user
    this.#screen = screen
    this.#names = new Names(client, user)
    client.on('message', message => this.#inTurn(() => this.#message(message)))
    client.on('member', member => this.#inTurn(() => this.#member(member)))
    this.#onAmendments()
    client.on('receipt', receipt => this.#inTurn(() => Promise.resolve(this.#receipt(receipt))))
    client.on('error', error => this.#print(refusedLine(error)))
    client.on('reset', () => this.#print('! the server cannot tell what came meanwhile: /inbox shows what is unread'))
  }

  /** Makes it the current chat, and shows its last messages; what is pushed meanwhile comes after them. */
  open(to: Recipient): Promise<void> {
    return this.#inTurn(() => this.#open(to))
  }

  async #open(to: Recipient): Promise<void> {
    const conversation = 'user' in to ? await this.#names.direct(to.user) : to.conversation
    this.#chat = { to, conversation }
    const name = 'user' in to ? to.user : await this.#names.nameOf(to.conversation)
    this.#print(`-- ${name}${conversation === undefined ? '' : ` (${conversation})`}`)
    this.#screen.prompt(`${name}> `)
    if (conversation === undefined) return
    const messages = await this.#client.messages(conversation, { limit: HISTORY })
    for (const message of messages) {
      this.#shown.add(message.id)
      this.#note(conversation, message, message.from === this.#user)
      this.#print(messageLine(message))
    }
    const last = messages.at(-1)
    if (last) this.#client.markRead(conversation, last.seq)
  }

  /** False: enough. */
  async typed(line: string): Promise<boolean> {
    const [command, ...words] = line.trim().split(/\s+/)
    const word = words.join(' ')
    if (line.trim() === '') return true
    if (!line.startsWith('/') || command === '/me') return (this.#say({ text: line }), true)
    if (command === '/quit') return false
    this.#client.activity()
    try {
      if (command === '/to' && word) await this.open(UUID.test(word) ? { conversation: word } : { user: word })
      else if (command === '/who' && word) this.#print(presenceLine(await this.#client.presence(word)))
      else if (command === '/inbox') await this.#inbox()
      else if (command === '/read') await this.#read()
      else if (command === '/search' && word) await this.#search(line)
      else if (command === '/image' && word) this.#say(await imageBody(this.#client, line))
      else if (command && orders[command]) await this.#order(orders[command], words)
      else this.#print(`! ${command} is no command here: ${HELP}`)
    } catch (thrown) {
      this.#print(thrown instanceof Refused ? refusedLine(thrown) : `! ${explain(thrown, {})}`)
    }
    return true
  }

  /** What was typed before it is said first. */
  async #order({ run }: Order, words: readonly string[]): Promise<void> {
    await Promise.all(this.#sending)
    this.#print(await run(this.#client, words, () => this.#here()))
  }

  /** What was typed is answered, what came is shown. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending)
    await this.#printing
  }

  #say(body: Body): void {
    const chat = this.#chat
    if (!chat) return this.#print(`! to whom? ${HELP}`)
    const sending = this.#client.send(chat.to, body).then(
      ({ conversation, seq, id, position }) => {
        this.#position = position
        if ('user' in chat.to) this.#names.noteDirect(chat.to.user, conversation)
        chat.conversation = conversation
        this.#note(conversation, { id, seq }, true)
        this.#print(sentLine(seq, textOf(body)))
      },
      (thrown: unknown) => this.#print(thrown instanceof Refused ? refusedLine(thrown) : `! ${explain(thrown, {})}`),
    )
    this.#sending.add(sending)
    void sending.then(() => this.#sending.delete(sending))
  }

  async #message(message: Message): Promise<void> {
    const { conversation, seq, from, id } = message
    this.#note(conversation, { id, seq }, from === this.#user)
    if (this.#shown.has(id)) return
    if (this.#chat && 'user' in this.#chat.to && this.#chat.conversation === undefined && from === this.#chat.to.user)
      this.#chat.conversation = await this.#names.direct(from)
    this.#print(messageLine(message, await this.#where(message)))
    this.#client.markRead(conversation, seq)
  }

  /** What becomes of messages, and of conversations. */
  #onAmendments(): void {
    const show = async <F extends { conversation: string }>(frame: F, line: (frame: F, where?: string) => string) =>
      this.#print(line(frame, await this.#where(frame)))
    const client = this.#client
    client.on('edited', frame => this.#inTurn(() => show(frame, editedLine)))
    client.on('expired', expired => this.#inTurn(() => show(expired, expiredLine)))
    client.on('retracted', frame => this.#inTurn(() => show(frame, retractedLine)))
    client.on('failed', frame => this.#inTurn(() => show(frame, failedLine)))
    client.on('reacted', frame => this.#inTurn(() => show(frame, reactedLine)))
    client.on('changed', frame =>
      this.#inTurn(async () => {
        await show(frame, changedLine)
        if (frame.name !== undefined) this.#names.rename(frame.conversation, frame.name)
      }),
    )
  }

  #here(): Here {
    const conversation = this.#chat?.conversation
    if (conversation === undefined)
      throw new Complaint('where? /to USER or /to CONVERSATION-ID first, and say something')
    return { conversation, last: this.#last.get(conversation), own: this.#own.get(conversation) }
  }

  #note(conversation: string, { id, seq }: Said, own: boolean): void {
    for (const said of own ? [this.#last, this.#own] : [this.#last])
      if (seq > (said.get(conversation)?.seq ?? -1)) said.set(conversation, { id, seq })
  }

  async #member(member: FrameOf<'member'>): Promise<void> {
    const where = await this.#where(member)
    // that the two of a direct chat are in it says nothing
    if (!this.#names.isDirect(member.conversation)) this.#print(memberLine(member, where))
  }

  /** Where it is, if that is not the current chat. */
  async #where({ conversation }: { conversation: string }): Promise<string | undefined> {
    return conversation === this.#chat?.conversation ? undefined : this.#names.nameOf(conversation)
  }

  /** Told once for the last own message that it covers. */
  #receipt({ conversation, by, delivered, read }: FrameOf<'receipt'>): void {
    if (by === this.#user) return
    const kind = read === undefined ? 'delivered' : 'read'
    const own = this.#own.get(conversation)?.seq
    const upTo = read ?? delivered ?? -1
    const key = `${conversation} ${by} ${kind}`
    if (own === undefined || upTo < own || (this.#receipts.get(key) ?? -1) >= own) return
    this.#receipts.set(key, own)
    this.#print(receiptLine(kind, by, own))
  }

  async #read(): Promise<void> {
    const conversation = this.#chat?.conversation
    const [last] = conversation === undefined ? [] : await this.#client.messages(conversation, { limit: 1 })
    if (conversation === undefined || !last) return this.#print('! there is nothing here to read')
    this.#client.markRead(conversation, last.seq)
    this.#print(`-- read up to #${last.seq}`)
  }

  async #inbox(): Promise<void> {
    const entries = await this.#names.load()
    for (const entry of entries) this.#print(inboxLine(entry, await this.#names.nameOf(entry.conversation)))
    if (entries.length === 0) this.#print('-- there is nothing yet')
  }

  async #search(line: string): Promise<void> {
    await Promise.all(this.#sending)
    const lines = await searchLines(this.#client, line, this.#position, conversation =>
      this.#names.nameOf(conversation),
    )
    for (const one of lines) this.#print(one)
  }

  #inTurn(show: () => Promise<void>): Promise<void> {
    const shown = this.#printing.then(show)
    this.#printing = shown.catch(() => {})
    return shown
  }

  #print(line: string): void {
    this.#screen.print(line)
  }
}
