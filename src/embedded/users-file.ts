// A file of users: one JSON object of names and passwords.
import { readFileSync, statSync } from 'node:fs'
import { problemOfUsers } from './access.ts'
import type { Users } from './access.ts'

/** Throws where it cannot be used. Others who can read the file are worth a warning and no refusal: mounted secrets are so. */
export const readUsersFile = (path: string, warn: (line: string) => void): Users => {
  const users = parse(path, read(path))
  const problem = problemOfUsers(users)
  if (problem !== undefined) throw new Error(`The users file ${path} ${problem}`)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o004) !== 0)
    warn(`embedded store: every user of this machine can read the passwords in ${path}: chmod 600 would stop that`)
  return users as Users
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`The users file cannot be read: ${(error as Error).message}`)
  }
}

const parse = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`The users file ${path} is not JSON`) // the parser's own words would quote passwords
  }
}
