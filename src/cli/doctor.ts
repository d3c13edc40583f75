// `verbatim doctor`: does this installation work? A line for each thing looked at. It talks to itself over both transports, and
// holds what was answered against history, inbox, receipts, search and the log.
import type { Command } from 'commander'
import { Complaint } from './complain.ts'
import { lookBack } from './doctor/look-back.ts'
import { createReport, type Report } from './doctor/report.ts'
import { clocks, lags, nodeVersion, serverIsReady, serverLives } from './doctor/server.ts'
import { openTalk, type Transport } from './doctor/talk.ts'
import { checkTokens, peopleFor, type People, type TokenOptions } from './doctor/tokens.ts'
import { openRoom, type Room } from './doctor/room.ts'
import type { Io } from './io.ts'
import { withToken } from './server.ts'

interface Options extends TokenOptions {
  readonly json?: boolean
}

export function addDoctor(program: Command, io: Io): void {
  const command = program
    .command('doctor')
    .description('check the installation, one line each; exits with 1 where one fails')
  withToken(command, io.env)
    .option('--peer-token <token>', "somebody else's, whom it writes to")
    .option('--auditor-token <token>', 'of an auditor, to compare with the log')
    .option('--json', 'one JSON object instead of lines')
    .action((options: Options) => doctor(options, io))
}

async function doctor(options: Options, io: Io): Promise<void> {
  const { url } = options
  checkTokens(options)
  const report = createReport(io, options.json === true)
  await report.check(nodeVersion)
  if (await report.check(serverLives(url))) {
    const ready = await report.check(serverIsReady(url))
    await report.check(lags(url))
    if (ready) await talkAndLook(options, io, report)
  }
  const failed = report.end()
  if (failed > 0) throw new Complaint(failed === 1 ? 'one check failed' : `${failed} checks failed`)
}

async function talkAndLook(options: TokenOptions, io: Io, report: Report): Promise<void> {
  const { url } = options
  let people: People | undefined
  let room: Room | undefined
  const opened = await report.all([
    {
      name: 'tokens',
      look: async () => (people = await peopleFor(options, io.env)).from,
      advice: "pass --token (a user's), --peer-token and --auditor-token, or set AUTH_SECRET to the server's",
    },
    {
      name: 'group',
      look: async () => {
        room = await openRoom(url, people!)
        return 'a temporary group was started'
      },
      advice:
        "a token needs AUTH_SECRET's signature or one of AUTH_JWKS_URL's keys, `sub`, `roles`, and an `exp` to come",
    },
  ])
  if (!opened || !people || !room) return
  try {
    for (const transport of ['socket', 'poll'] as const) await talkOver(url, people, room, transport, report)
    if (room.course.clock) await report.check(clocks(room.course.clock))
    await lookBack(url, people, room, report)
  } finally {
    await room.leave().catch(() => undefined) // what stood in its way was told above
  }
}

const ways = {
  socket:
    'a proxy may not let WebSockets through (Upgrade and Connection headers); else see the log of the server (standard error)',
  poll: 'a proxy may cut requests that wait, or hold answers back; else see the log of the server (standard error)',
}

async function talkOver(url: string, people: People, room: Room, transport: Transport, report: Report): Promise<void> {
  let talk: Awaited<ReturnType<typeof openTalk>> | undefined
  const advice = ways[transport]
  const alone = people.reader === undefined
  try {
    const talked = await report.all([
      {
        name: transport,
        look: async () => {
          talk = await openTalk(url, people, transport, room.course)
          return talk.message()
        },
        advice,
      },
      { name: `${transport} changes`, look: () => talk!.changes(), advice },
      {
        name: `${transport} image`,
        look: () => talk!.image(),
        advice:
          'see whether the data folder, or the bucket that MEDIA_URL names, can be written, and the log of the server',
      },
    ])
    if (!talked) return
    if (alone) report.skip(`${transport} presence`, 'receipts and presence take a second person: pass --peer-token')
    else
      await report.check({
        name: `${transport} presence`,
        look: () => talk!.presence(people.throwaway),
        advice: 'at load level 1 and above presence is let go of: see verbatim_load_level',
      })
  } finally {
    await talk?.close()
  }
}
