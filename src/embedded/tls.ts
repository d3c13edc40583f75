// A node's certificate: read and checked before anything is opened, so that what is wrong with it is said in one line.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Paths of PEM files. */
export interface TlsFiles {
  /** The node's certificate, with those between it and its authority's behind it, if there are any. */
  certificate: string
  /** Its private key, not encrypted. */
  key: string
}

export interface Certificate {
  cert: string
  key: string
}

export const readCertificate = ({ certificate, key }: TlsFiles): Certificate => {
  const pair = { cert: read('certificate', certificate), key: read('private key', key) }
  const leaf = parseCertificate(certificate, pair.cert)
  if (!leaf.checkPrivateKey(parseKey(key, pair.key)))
    throw new Error(`The private key in ${key} is not that of the certificate in ${certificate}`)
  if (Date.parse(leaf.validTo) < Date.now())
    throw new Error(`The certificate in ${certificate} has expired: it was valid until ${leaf.validTo}`)
  if (Date.parse(leaf.validFrom) > Date.now())
    throw new Error(`The certificate in ${certificate} is not valid yet, only from ${leaf.validFrom}`)
  try {
    createSecureContext(pair)
  } catch (error) {
    throw new Error(`The certificate in ${certificate} cannot be used: ${(error as Error).message}`)
  }
  return pair
}

const read = (what: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`The ${what} cannot be read: ${(error as Error).message}`)
  }
}

const parseCertificate = (path: string, pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new Error(`${path} is not a certificate in PEM: it begins with -----BEGIN CERTIFICATE-----`)
  }
}

const parseKey = (path: string, pem: string): KeyObject => {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw new Error(`The private key in ${path} is encrypted: decrypt it first`)
  try {
    return createPrivateKey(pem)
  } catch {
    throw new Error(`${path} is not a private key in PEM: it begins with -----BEGIN PRIVATE KEY----- or the like`)
  }
}
