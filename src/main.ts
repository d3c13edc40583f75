// `npm start`: the whole of Verbatim in one process.
import { runServer } from './serve.ts'

process.exit(await runServer(process.env))
