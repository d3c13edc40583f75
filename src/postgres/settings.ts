// The server's settings, given on its command line: the data folder's own files stay as initdb made them.

/** Settings of every start. Durable first: a committed row is on disk. */
const SETTINGS: Record<string, string | number> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // none: everyone could reach one in /tmp, and a data folder's path may be too long
  max_connections: 100,
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C', // the start reads the log to tell a taken port from other failures
  logging_collector: 'off',
  log_destination: 'stderr',
  log_checkpoints: 'off', // one line every five minutes that nobody reads
  log_line_prefix: '%m [%p] ',
}

export function serverArguments(data: string, port: number): string[] {
  return ['-D', data, ...Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Text in any language, compared by code point: the same order on every system, whatever its own locales. */
export function initdbArguments(data: string): string[] {
  return [
    ...['-D', data, '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-instructions', '--auth=reject'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'],
  ]
}

/** Who may connect: roles with a password, from this machine. The superuser `postgres` has none, so it cannot. */
export const HOST_BASED_AUTHENTICATION = 'host all all 127.0.0.1/32 scram-sha-256\n'

/** Single-user mode, by which the role and the database are there before anyone can connect. */
export function singleUserArguments(data: string): string[] {
  const settings = ['exit_on_error=on', 'log_checkpoints=off', 'fsync=off'] // not written to disk: who calls does, once
  const secret = 'log_min_error_statement=panic' // else an error's log line would quote the password
  return ['--single', '-D', data, ...[...settings, secret].flatMap(setting => ['-c', setting]), 'postgres']
}

/** The SQL that makes the application's role and database; a statement a line, as `postgres --single` reads it. */
export function applicationSql(password: string): string {
  return [
    `create role verbatim login createdb createrole password '${password.replaceAll("'", "''")}'`,
    'create database verbatim owner verbatim',
    '',
  ].join('\n')
}
