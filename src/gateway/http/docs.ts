// A page that lists what there is. Nothing on it comes from elsewhere.
import { clientFrames, serverFrames } from '../socket/protocol.ts'
import { type Endpoint, endpoints } from './endpoints.ts'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function docsPage(): string {
  const rows = Object.values(endpoints).map(
    ({ method, path, role, summary }: Endpoint) =>
      `<tr><td><code>${method.toUpperCase()} ${escaped(path)}</code><td>${role ?? ''}<td>${escaped(summary)}`,
  )
  const frames = (of: object) =>
    `<p>${Object.keys(of)
      .map(name => `<code>${name}</code>`)
      .join(' ')}`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Verbatim</title>
<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.2rem .8rem .2rem 0;vertical-align:top}</style>
<h1>Verbatim</h1>
<h2>HTTP</h2><p>The whole of it: <a href="/openapi.json">openapi.json</a>
<table><tr><th align="left">Call<th align="left">Role<th align="left">What it does${rows.join('\n')}</table>
<h2>Socket</h2><p><code>GET /v1/socket</code>. The whole of it: <a href="/asyncapi.json">asyncapi.json</a>
<h3>From clients</h3>${frames(clientFrames)}
<h3>To clients</h3>${frames(serverFrames)}
`
}
