// Stands between a client and a server and can fall silent, as a network does whose router forgot a connection: both
// sides still believe that they are connected.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  host: string;
  port: number;
  /** From now on nothing is forwarded, on old connections and on new ones. */
  fallSilent(): void;
  /** Forwards again, on new connections. */
  recover(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer((incoming) => {
    keep(incoming);
    if (silent) {
      incoming.resume();
      return;
    }
    const outgoing = connect(target.port, target.host);
    keep(outgoing);
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return {
    host: '127.0.0.1',
    port: address.port,
    fallSilent() {
      silent = true;
      for (const socket of sockets) socket.unpipe().resume();
    },
    recover() {
      silent = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
