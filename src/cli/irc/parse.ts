// What one line of an IRC log is. Two styles meet in #ubuntu's logs: `[HH:MM] …` for what is said, `=== …` for the rest
// and, until 2008, for actions too. Nothing is thrown: a line that is none of these is `unreadable`.

/** Seconds since midnight. */
export type Time = number

export type Line =
  | { readonly is: 'said' | 'action'; readonly nick: string; readonly text: string; readonly time?: Time }
  | { readonly is: 'join' | 'part' | 'quit' | 'kick'; readonly nick: string; readonly time?: Time }
  | { readonly is: 'rename'; readonly nick: string; readonly to: string; readonly time?: Time }
  | { readonly is: 'notice' | 'mode' | 'empty' | 'unreadable'; readonly time?: Time }

const TIMED = /^\[(\d\d):(\d\d)(?::(\d\d))?\](.*)$/s
const SAID = /^ <([^>]+)>(.*)$/s
const ACTION = /^ {1,2}\* (.*)$/s
const NOTICE = /^ -\S+- ?/
// host without spaces, so that a nick may have some: `=== [1] wenko [n=wenko@host]  has joined #ubuntu`
const JOIN = /^(.+?) \[(\S*)\] +has joined #\S+$/
const PART = /^(.+?) \[(\S*)\] +has left #\S+(?: \[.*)?$/s
const QUIT = /^(.+?) \[(\S*)\] +has quit(?: \[.*)?$/s
const RENAME = /^(.+?) is now known as (.+)$/
const KICK = /^(.+?) was kicked (?:off|from) #\S+ by .+$/s
const MODE = /^(?:Server)?mode\/#\S+ \[.*$/is

/** `spaced`: nicks with spaces that are known to be about; see `spacedNicks`. */
export function parse(line: string, spaced: readonly string[] = []): Line {
  const timed = TIMED.exec(line)
  if (timed) {
    const time = timeOf(timed[1], timed[2], timed[3])
    return time === undefined ? { is: 'unreadable' } : { ...timedLine(timed[4] ?? '', spaced), time }
  }
  if (line.startsWith('=== ')) return told(line.slice(4), spaced)
  return line.trim() === '' ? { is: 'empty' } : { is: 'unreadable' }
}

function timeOf(hours?: string, minutes?: string, seconds = '00'): Time | undefined {
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)]
  return h < 24 && m < 60 && s < 60 ? h * 3600 + m * 60 + s : undefined
}

function timedLine(rest: string, spaced: readonly string[]): Line {
  const said = SAID.exec(rest)
  if (said) return utterance('said', said[1] ?? '', (said[2] ?? '').replace(/^ /, ''))
  const action = ACTION.exec(rest)
  if (action) return acted(action[1] ?? '', spaced)
  return { is: NOTICE.test(rest) ? 'notice' : 'unreadable' }
}

/** Longest-known kinds first; what is none of them, somebody did. */
function told(rest: string, spaced: readonly string[]): Line {
  const join = JOIN.exec(rest)
  if (join) return { is: 'join', nick: join[1] ?? '' }
  const part = PART.exec(rest)
  if (part) return { is: 'part', nick: part[1] ?? '' }
  const quit = QUIT.exec(rest)
  if (quit) return { is: 'quit', nick: quit[1] ?? '' }
  const rename = RENAME.exec(rest)
  if (rename) return { is: 'rename', nick: rename[1] ?? '', to: rename[2] ?? '' }
  const kick = KICK.exec(rest)
  if (kick) return { is: 'kick', nick: kick[1] ?? '' }
  if (MODE.test(rest)) return { is: 'mode' }
  return acted(rest, spaced)
}

function acted(rest: string, spaced: readonly string[]): Line {
  const known = spaced.find(nick => rest === nick || rest.startsWith(`${nick} `))
  const nick = known ?? /^\S*/.exec(rest)?.[0] ?? ''
  return nick === '' ? { is: 'unreadable' } : utterance('action', nick, rest.slice(nick.length + 1))
}

const utterance = (is: 'said' | 'action', nick: string, text: string): Line =>
  text.trim() === '' ? { is: 'empty' } : { is, nick, text }

/**
 * The nicks with a space that a file has in lines where it is clear where they end (`<g[r] eek>`, a join), longest first:
 * in `=== g[r] eek bows` it is not. #ubuntu's logs have a handful of them.
 */
export function spacedNicks(lines: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const line of lines) {
    const what = parse(line)
    if (what.is === 'said' || what.is === 'join' || what.is === 'part')
      if (what.nick.includes(' ')) found.add(what.nick)
    if (what.is === 'rename') for (const nick of [what.nick, what.to]) if (nick.includes(' ')) found.add(nick)
  }
  return [...found].sort((a, b) => b.length - a.length)
}
