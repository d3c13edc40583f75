// Addresses as they are shown.

export function withoutPassword(url: string): string {
  const shown = new URL(url)
  if (shown.password) shown.password = '***'
  return shown.href
}

export function analystUrl(databaseUrl: string, password: string): string {
  const url = new URL(databaseUrl)
  url.username = 'verbatim_analyst'
  url.password = password
  return url.href
}
