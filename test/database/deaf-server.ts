// A server that answers no connection: its process is stopped and its backlog is full, so the system drops what comes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '../../scripts/environment/free-port';

/** More than a backlog of 1 holds on any system. */
const backlogFillers = 8;

export async function startDeafServer(): Promise<{ port: number; close: () => void }> {
  const port = await freePort();
  const listen = `require('net').createServer().listen({ host: '127.0.0.1', port: ${port}, backlog: 1 }, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: backlogFillers }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await once(fillers[0]!, 'connect');
  return {
    port,
    close: () => {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
