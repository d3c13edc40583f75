// Waiting for what a check waits for: not for ever, and with words for what did not come.
import type { Client, Events } from '../../client/index.ts'

/** How long each step may take (milliseconds): hundreds of times what it does. */
export const patienceMs = 15_000

export async function within<T>(what: string, promise: Promise<T>, ms = patienceMs): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms / 1000} s for ${what}`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The first event that fits. */
export function next<T extends keyof Events>(
  client: Client,
  type: T,
  fits: (event: Events[T]) => boolean,
): Promise<Events[T]> {
  return new Promise(resolve => {
    const off = client.on(type, event => {
      if (!fits(event)) return
      off()
      resolve(event)
    })
  })
}

/** A server that takes the connection and says nothing is no answer either. */
export const impatientFetch: typeof fetch = async (input, init) => {
  const over = new AbortController()
  const late = new Error(`it took the connection and said nothing for ${patienceMs / 1000} s`)
  const timer = setTimeout(() => over.abort(late), patienceMs)
  try {
    return await fetch(input, { ...init, signal: over.signal })
  } finally {
    clearTimeout(timer)
  }
}
