// Lines of JSON as they arrive (application/x-ndjson).

/** A last line without its newline is one cut off: an error, not the end. */
export async function* ndjson<T>(response: Response): AsyncGenerator<T> {
  if (!response.body) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
  if (rest.trim() !== '') throw new Error(`the answer ended in the middle of a line: ${rest.slice(0, 60)}`)
}
