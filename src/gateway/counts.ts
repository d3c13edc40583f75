// What the gateway counts: plain numbers, looked at when somebody asks for them.
import { refusalCodes, type RefusalCode } from '../domain/index.ts'
import { Flights, tally, type Metrics, type Tally } from '../metrics/index.ts'
import type { Admission } from './load/admission.ts'
import type { HeldMarks } from './load/held-marks.ts'
import type { Load } from './load/load.ts'
import type { Redelivery } from './socket/redelivery.ts'
import { frameClasses, type FrameClass } from './socket/outbox.ts'
import type { Parsed } from './socket/parse.ts'
import { clientFrames, closeCodes } from './socket/protocol.ts'

type Asked = 'send' | 'edit' | 'retract' | 'react'
type FrameIn = keyof typeof clientFrames | 'none'

/** Clients may close with any code; those that mean something here are told apart. */
const codes = ['1000', '1001', '1005', '1006', '1007', '1009', ...Object.values(closeCodes).map(String), 'other']

export interface Counts {
  /** What was asked with an id of its own and is not answered yet. */
  readonly asks: Flights
  readonly sent: Tally<Asked>
  readonly refused: Tally<RefusalCode>
  /** `none`: what is no frame. */
  readonly framesIn: Tally<FrameIn>
  readonly framesOut: Tally<FrameClass>
  /** A frame came, or what is none. */
  heard(parsed: Parsed): void
  closed(code: number): void
  readonly closes: Tally<string>
}

export function createCounts(): Counts {
  const closes = tally(codes)
  const framesIn = tally([...(Object.keys(clientFrames) as (keyof typeof clientFrames)[]), 'none'])
  const refused = tally(refusalCodes)
  return {
    asks: new Flights(),
    sent: tally(['send', 'edit', 'retract', 'react']),
    refused,
    framesIn,
    framesOut: tally(frameClasses),
    heard: parsed => {
      framesIn['refusal' in parsed ? 'none' : parsed.frame.type]++
      if ('refusal' in parsed) refused[parsed.refusal.refused]++
    },
    closed: code => void closes[String(code) in closes ? code : 'other']!++,
    closes,
  }
}

export interface Counted extends Counts {
  readonly load: Load
  readonly admission: Admission
  readonly marks: Pick<HeldMarks, 'size'>
  readonly sessions: () => number
  readonly redelivery: Pick<Redelivery, 'waiting' | 'oldestMs' | 'done'>
}

export function tellCounts(metrics: Metrics, of: Counted): void {
  const { load, admission, marks, redelivery } = of
  metrics.gauge('load_level', 'What is let go of: 0 nothing to 4 new messages', load.level)
  metrics.gauge(
    'event_loop_delay_seconds',
    'How late timers ring, as the level sees it',
    () => load.pressure().loopMs / 1000,
  )
  metrics.gauge(
    'sent_wait_seconds',
    'For how long messages wait for their answer already, as the level sees it',
    () => load.pressure().waitMs / 1000,
  )
  metrics.gauge('outbox_bytes', 'What waits for readers, of all sessions', () => load.pressure().outboxBytes)
  metrics.counter('shed_total', 'What was let go of, or held back', () => load.shed, 'what')
  metrics.gauge('marks_held', 'Delivered and read marks that are held back', marks.size)
  metrics.counter('sessions_admitted_total', 'Sessions that were let in', admission.admitted)
  metrics.counter('sessions_refused_total', 'Sessions that were told to come back later', admission.refused)
  metrics.gauge('sessions', 'Sessions that are open', of.sessions)
  metrics.counter('frames_in_total', 'What clients have said', () => of.framesIn, 'type')
  metrics.counter('frames_out_total', 'What sessions were told', () => of.framesOut, 'class')
  metrics.counter('sent_total', 'What was said and answered with sent', () => of.sent, 'type')
  metrics.counter('refused_total', 'What was said over a socket and refused', () => of.refused, 'code')
  metrics.latencies('sent_seconds', 'From a send, edit, retract or react to its answer', of.asks.took)
  metrics.gauge('sent_in_flight', 'Of these, those not answered yet', () => of.asks.count)
  metrics.gauge(
    'redelivery_waiting',
    'Messages that somebody who is here has not acknowledged in time',
    redelivery.waiting,
  )
  metrics.gauge(
    'redelivery_oldest_seconds',
    'For how long the oldest of these has been overdue',
    () => redelivery.oldestMs() / 1000,
  )
  metrics.counter('redelivered_total', 'Messages that were pushed again', () => redelivery.done.again)
  metrics.counter('given_up_total', 'Messages that were pushed as often as they may be', () => redelivery.done.givenUp)
  metrics.counter('closed_total', 'Sockets that closed', () => of.closes, 'code')
}
