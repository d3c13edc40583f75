// Retention as the outside has it: `{"mode":"temporary","ttl":"24h"}`.
import type { Retention } from '../domain/index.ts'

export type ShownRetention = { readonly mode: 'permanent' } | { readonly mode: 'temporary'; readonly ttl: string }

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `<n>ms|s|m|h|d`. */
export function durationMs(text: string): number {
  const [, n, unit] = /^(\d+)(\D+)$/.exec(text)!
  return Number(n) * unitMs[unit as keyof typeof unitMs]
}

export const retentionShown = (retention: Retention): ShownRetention =>
  retention.mode === 'permanent' ? { mode: 'permanent' } : { mode: 'temporary', ttl: durationOf(retention.ttlMs) }

/** In the largest unit that it is a whole number of; days only from two on: a day is said as 24h. */
function durationOf(ms: number): string {
  if (ms % unitMs.d === 0 && ms > unitMs.d) return `${ms / unitMs.d}d`
  for (const unit of ['h', 'm', 's'] as const) if (ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`
  return `${ms}ms`
}
