// Units of work of the editor's sessions for the thread that advises: it says when one begins and ends, and what is asked
// in it. One whose thread is gone, or that is cancelled, is rolled back as every unit is.
import type { UnitOfWork } from '../unit-of-work';
import type { StatementContext } from '../consent';
import type { EditorCalls } from './advice-calls';
import { DatabaseFailure } from '../../analysis/connection/connection-failure';

interface ServedUnit {
  begun: Promise<UnitOfWork>;
  end: () => void;
}

type UnitCalls = Pick<EditorCalls, 'runUnit' | 'untilBegun' | 'query' | 'atEnd' | 'endUnit'>;

const endedFailure = () =>
  new DatabaseFailure('cancelled', 'The work on the database has ended already.', 'Ask again.');

/** `findContext` knows the connections by the ids that the thread was told. */
export function serveUnits(findContext: (id: number) => StatementContext | undefined): UnitCalls {
  const units = new Map<number, ServedUnit>();
  const find = async (unit: number): Promise<UnitOfWork> => {
    const served = units.get(unit);
    if (served === undefined) throw endedFailure();
    return served.begun;
  };
  return {
    runUnit: async ({ connection, unit: id, options }, signal) => {
      const context = findContext(connection);
      if (context === undefined) throw endedFailure();
      let begin: (unit: UnitOfWork) => void = () => undefined;
      let fail: (reason: unknown) => void = () => undefined;
      const begun = new Promise<UnitOfWork>((resolve, reject) => {
        begin = resolve;
        fail = reject;
      });
      // it may fail before anybody asks
      begun.catch(() => undefined);
      const ended = new Promise<void>((resolve, reject) => {
        units.set(id, { begun, end: resolve });
        signal.addEventListener('abort', () => {
          reject(endedFailure());
        });
      });
      ended.catch(() => undefined);
      try {
        await context.run({ ...options, signal }, (unit) => {
          begin(unit);
          return ended;
        });
      } catch (error) {
        fail(error);
        throw error;
      } finally {
        units.delete(id);
      }
    },
    untilBegun: async ({ unit }) => {
      await find(unit);
    },
    query: async ({ unit, text, values }) => (await find(unit)).query(text, values),
    atEnd: async ({ unit, text }) => {
      (await find(unit)).atEnd(text);
    },
    endUnit: ({ unit }) => {
      units.get(unit)?.end();
    },
  };
}
