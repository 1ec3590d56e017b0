// A thread that begins a unit of work, asks the server something, and crashes in the middle of it.
import { parentPort } from 'node:worker_threads';
import type { EditorCalls, ThreadCalls } from '../../src/database/advice-worker/advice-calls';
import { MessageCalls } from '../../src/database/advice-worker/message-calls';

if (parentPort === null) throw new Error('to be started as a thread');
const unit = 1;
const fail = () => Promise.reject(new Error('not asked in this test'));
const calls: MessageCalls<ThreadCalls, EditorCalls> = new MessageCalls<ThreadCalls, EditorCalls>(parentPort, {
  adviseWorkload: async ({ connection }) => {
    const options = { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 60_000 } as const;
    void calls.call('runUnit', { connection: connection.id, unit, options });
    await calls.call('untilBegun', { unit });
    await calls.call('query', { unit, text: "SELECT 'in the middle'", values: [] });
    setImmediate(() => {
      throw new Error('out of luck');
    });
    return new Promise(() => undefined);
  },
  explainWithIndex: fail,
  refresh: () => undefined,
  forget: fail,
  end: fail,
});
