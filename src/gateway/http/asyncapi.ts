// The AsyncAPI 3.0 document of the socket, made from the frames' schemas.
import type { z } from 'zod'
import type { GatewaySettings } from '../settings.ts'
import { clientFrames, closeCodes, serverFrames, subprotocol } from '../socket/protocol.ts'
import { jsonSchema } from './openapi.ts'

/** AsyncAPI's own dialect is a superset of JSON Schema draft 7. */
function messagesOf(frames: Record<string, z.ZodType>, io: 'input' | 'output') {
  return Object.entries(frames).map(([name, schema]) => ({
    // what clients and the server both call by a name is another frame from each
    key: io === 'output' && name in clientFrames ? `${name}-told` : name,
    message: { name, contentType: 'application/json', payload: jsonSchema(schema, io, 'draft-7') },
  }))
}

export function asyncapi({ limits }: Pick<GatewaySettings, 'limits'>) {
  const asked = messagesOf(clientFrames, 'input')
  const told = messagesOf(serverFrames, 'output')
  const refs = (messages: { key: string }[]) =>
    messages.map(({ key }) => ({ $ref: `#/channels/socket/messages/${key}` }))
  const codes = Object.entries(closeCodes).map(([name, code]) => `${code} ${name}`)
  return {
    asyncapi: '3.0.0',
    info: { title: 'Verbatim', version: '1.0.0', description: 'One JSON object a text frame.' },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/v1/socket',
        title: 'The socket',
        description: [
          `Subprotocol ${subprotocol}; a token in the Authorization header or as ?token=. With ?cursor= it resumes as by the frame.`,
          `The same frames travel by POST /v1/frames and GET /v1/poll (/openapi.json), but for resume, resumed and head.`,
          `A frame has at most ${limits.frameBytes} bytes, a body ${limits.bodyBytes}.`,
          `Close codes: ${codes.join(', ')}; 4000–4499 come back, 4500–4999 do not.`,
        ].join(' '),
        messages: Object.fromEntries([...asked, ...told].map(({ key, message }) => [key, message])),
      },
    },
    operations: {
      ask: {
        action: 'receive',
        channel: { $ref: '#/channels/socket' },
        summary: 'What a client may send',
        messages: refs(asked),
      },
      tell: {
        action: 'send',
        channel: { $ref: '#/channels/socket' },
        summary: 'What a client is told',
        messages: refs(told),
      },
    },
  }
}
