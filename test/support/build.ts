// Threads and child processes run the compiled JavaScript, as they do for users: built once before the tests that start them.
import { execFileSync } from 'node:child_process'

export default function build(): void {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
}
