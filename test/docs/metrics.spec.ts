// Every metric is explained, and the alerts ask for metrics that there are.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const registering = /metrics\.(?:gauge|counter|latencies)\(\s*'(\w+)'/g
const told = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
  .flatMap(entry => [...readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(registering)])
  .map(match => match[1]!)
const operations = readFileSync('docs/operations.md', 'utf8')

/** A rule file, as Prometheus's manual describes it ("Alerting rules"). */
const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.record(z.string(), z.string()),
          annotations: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ),
})

describe('metrics', () => {
  it.each(told)('[O16] docs/operations.md explains %s', name => {
    // some share a line: `verbatim_a`, `_b` or `b`
    const parts = name.split('_')
    const endings = parts.map((_, n) => parts.slice(n).join('_'))
    expect(endings.some(end => new RegExp(`\`(?:verbatim_|_)?${end}[\`{]`).test(operations))).toBe(true)
  })

  it('[O16] the alerts are a rule file, and ask for metrics that there are', () => {
    const { groups } = ruleFile.parse(parse(readFileSync('docs/prometheus-rules.yml', 'utf8')))
    const rules = groups.flatMap(one => one.rules)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { expr } of rules) {
      const names = [...expr.matchAll(/verbatim_(\w+?)(?:_(?:sum|count|bucket))?(?=\W|$)/g)].map(match => match[1]!)
      expect(names.length).toBeGreaterThan(0)
      expect(told).toEqual(expect.arrayContaining(names))
    }
  })
})
