// What a decider is: two tables. A row per command says what happens or why not; a row per event says what is so afterwards.
import type { Refusal } from './refusals.ts'

type Tagged = { readonly type: string }

/**
 * A pure decider (Chassaing's decide / evolve / initial). `decide` reads no clock and has no effect; `evolve` never fails.
 * A table with a missing row does not compile.
 */
export interface Decider<State, Command extends Tagged, Event extends Tagged> {
  readonly initial: State
  readonly decide: {
    readonly [T in Command['type']]: (command: Extract<Command, { type: T }>, now: State) => readonly Event[] | Refusal
  }
  readonly evolve: { readonly [T in Event['type']]: (event: Extract<Event, { type: T }>, now: State) => State }
}

/** Gives the tables their types. */
export const decider = <State, Command extends Tagged, Event extends Tagged>(
  tables: Decider<State, Command, Event>,
): Decider<State, Command, Event> => tables

/** The events that follow from a command, or the refusal. */
export function decide<S, C extends Tagged, E extends Tagged>(
  { decide }: Decider<S, C, E>,
  command: C,
  now: S,
): readonly E[] | Refusal {
  const row = decide[command.type as C['type']] as (command: C, now: S) => readonly E[] | Refusal
  return row(command, now)
}

/** The state after one event. An event type from a newer version that has no row here changes nothing. */
export function evolve<S, C extends Tagged, E extends Tagged>({ evolve }: Decider<S, C, E>, now: S, event: E): S {
  const row = evolve[event.type as E['type']] as ((event: E, now: S) => S) | undefined
  return row ? row(event, now) : now
}

/** The state after a history. */
export const fold = <S, C extends Tagged, E extends Tagged>(d: Decider<S, C, E>, from: S, events: Iterable<E>): S => {
  let now = from
  for (const event of events) now = evolve(d, now, event)
  return now
}
