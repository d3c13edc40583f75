// Which database failures pass by themselves, and how long to wait before trying again.
import pg from 'pg'

/**
 * SQLSTATE classes (PostgreSQL manual, appendix A): 08 connection, 40 rollback by deadlock or serialization, 53 out of
 * resources, 57 operator intervention (shutdown, restart, cancel), 58 system; 25006 is a server that is a standby just now.
 */
const passing = /^(08|40|53|57|58|25006|55P03)/

/** What node's sockets and pg's client and pool say when there is no connection; they have no SQLSTATE. */
const network = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|ENOENT$)/
const noConnection = /connection|not queryable|timeout exceeded/i

export function isTransient(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isTransient)
  if (!(error instanceof Error)) return false
  if (error instanceof pg.DatabaseError) return passing.test(error.code ?? '')
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? noConnection.test(error.message) : network.test(code)
}

/** Milliseconds before attempt `n` (from 1): 50, doubling to 5,000. */
export const backoffMs = (n: number): number => Math.min(5_000, 50 * 2 ** (n - 1))
