/** Whether a host (name, address, or folder of a unix socket) is this very machine. */
export function isLocalHost(host: string): boolean {
  return (
    host.startsWith('/') || host.startsWith('@') || host === 'localhost' || host === '::1' || host.startsWith('127.')
  );
}
