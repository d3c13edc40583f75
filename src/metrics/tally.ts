// Counts by name: an object whose fields are all there from the start, so that counting is adding one to a known place.

export type Tally<K extends string> = Record<K, number>

export const tally = <K extends string>(names: readonly K[]): Tally<K> =>
  Object.fromEntries(names.map(name => [name, 0])) as Tally<K>
