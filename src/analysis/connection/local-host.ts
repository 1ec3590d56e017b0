/** Whether a host (name, address, or folder of a unix socket) is this very machine. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  return (
    name.startsWith('/') || name.startsWith('@') || name === 'localhost' || name === '::1' || name.startsWith('127.')
  );
}
