// .pgpass: host:port:database:user:password a line, "*" matches everything, "\" escapes ":" and itself, the first match
// wins.

export interface PasswordKey {
  /** Several names of one host: a unix socket in its default folder is also "localhost". */
  hosts: readonly string[];
  port: number;
  database: string;
  user: string;
}

/** The password of the first line that matches; null without. */
export function findPassword(text: string, key: PasswordKey): string | null {
  const wanted = [key.hosts, [String(key.port)], [key.database], [key.user]];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    const password = fields[4];
    if (password === undefined || password === '') continue;
    const matches = wanted.every(
      (values, index) => fields[index] === '*' || values.some((value) => unescape(fields[index] ?? '') === value),
    );
    if (matches) return unescape(password);
  }
  return null;
}

/** Fields as they are written, escapes included. */
function splitFields(line: string): string[] {
  return [...line.matchAll(/((?:\\.?|[^:\\])*)(?::|$)/g)].map((match) => match[1] ?? '');
}

function unescape(field: string): string {
  return field.replace(/\\(.)/g, '$1');
}
