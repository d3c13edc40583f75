// Reads Prometheus's text format (0.0.4), strictly: what does not read is an error.

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"'
const sample = new RegExp(`^(${name})(\\{${label}(?:,${label})*\\})? (-?[0-9.]+(?:e[+-]?\\d+)?|Nan|[+-]Inf)$`)
const about = new RegExp(`^# (HELP ${name} .+|TYPE (${name}) (counter|gauge|histogram|summary))$`)

/** Each sample by its name and labels. Every one must be of a metric whose type was told before. */
export function readMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const said = about.exec(line)
    if (said) {
      if (said[2] && types.has(said[2])) throw new Error(`${said[2]} has two types`)
      if (said[2]) types.set(said[2], said[3]!)
      continue
    }
    const found = sample.exec(line)
    if (!found) throw new Error(`this is no sample: ${line}`)
    const [, metric, labels = '', value] = found
    const family = metric!.replace(/_(bucket|sum|count)$/, '')
    if (!types.has(metric!) && !types.has(family)) throw new Error(`nobody told the type of ${metric}`)
    if (samples.has(metric! + labels)) throw new Error(`${metric}${labels} is there twice`)
    samples.set(metric! + labels, Number(value!.replace('Inf', 'Infinity')))
  }
  return samples
}
