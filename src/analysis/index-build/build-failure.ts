// Why a build or a drop did not succeed, in words: what failed, on what, what is left on the server, what to do.
import { DatabaseFailure } from '../connection/connection-failure';
import { quoteQualifiedName } from '../sql/identifiers';
import type { IndexLeftover, IndexStep, RelationName } from './index-build';

export interface FailedWork {
  verb: 'build' | 'drop';
  server: string;
  database: string;
  role: string;
  /** The statement that failed. */
  step: IndexStep;
  /** As the layer below told it. */
  failure: DatabaseFailure;
  /** The server's own sentence; null when the failure did not come from it. */
  serverMessage: string | null;
  leftover: IndexLeftover;
}

export function describeFailedWork(work: FailedWork): DatabaseFailure {
  const { verb, server, database, step, failure, leftover } = work;
  const index = quoteQualifiedName(step.index.schema, step.index.name);
  const table = quoteQualifiedName(step.table.schema, step.table.name);
  const what = `Index ${index} on ${table} was not ${findParticiple(verb, step)}`;
  const { reason, nextStep } = describeReason(work);
  const message = `${what} (database "${database}" on ${server}): ${reason}. ${describeLeftover(leftover, verb, step.index)}`;
  return new DatabaseFailure(failure.kind, message, nextStep, failure.details, { cause: failure });
}

/** A drop may build first and rename afterwards, when it keeps parts of what it drops. */
function findParticiple(verb: 'build' | 'drop', { sql }: IndexStep): string {
  if (verb === 'build' || sql.startsWith('CREATE')) return 'built';
  if (sql.startsWith('DROP')) return 'dropped';
  if (sql.includes(' ATTACH PARTITION ')) return 'attached';
  return sql.includes(' RENAME TO ') ? 'renamed' : 'finished';
}

/** Sentences without their full stop. */
function describeReason({ verb, role, step, failure, serverMessage }: FailedWork): {
  reason: string;
  nextStep: string;
} {
  const table = quoteQualifiedName(step.table.schema, step.table.name);
  const said = serverMessage ?? failure.message.replace(/\.$/, '');
  if (failure.kind === 'cancelled' && failure.details.code === undefined) {
    return { reason: 'it was cancelled', nextStep: 'Start it again when you want to.' };
  }
  if (failure.kind === 'connection-lost') {
    return { reason: said, nextStep: 'Start it again when the server is back.' };
  }
  switch (failure.details.code) {
    case '53100':
      return {
        reason: `the disk of the server is full: ${said}`,
        nextStep: 'Free space where the tablespace lies (the database itself may be at risk), then start it again.',
      };
    case '53400':
      return {
        reason: `a limit of the server was reached: ${said}`,
        nextStep: 'Raise the limit that it names, or maintenance_work_mem so that the sort needs no file.',
      };
    case '53200':
      return {
        reason: `the server ran out of memory: ${said}`,
        nextStep: 'Lower maintenance_work_mem, then start it again.',
      };
    case '23505':
      return {
        reason: `rows of ${table} have the same key: ${said}`,
        nextStep: 'Remove the duplicates, or build the index without UNIQUE.',
      };
    case '42501':
      return {
        reason: `role "${role}" lacks a right: ${said}`,
        nextStep: `Have the owner of ${table} do it, or connect as a role that is a member of the owner and may CREATE in the schema.`,
      };
    case '57014':
      return {
        reason: 'someone cancelled the statement on the server, or a timeout of the server did',
        nextStep: 'Ask whoever looks after the server, then start it again.',
      };
    case '55P03':
      return {
        reason: `the lock on ${table} was not to be had: ${said}`,
        nextStep: 'Start it again when the other session is done.',
      };
    case '40P01':
      return {
        reason: `it and another session waited for each other, and the server chose to end this one: ${said}`,
        nextStep: 'Start it again; keep other DDL away from the table meanwhile.',
      };
    case '42P01':
    case '42704':
    case '3F000':
      return {
        reason: `what it works on is gone, someone has dropped or renamed it meanwhile: ${said}`,
        nextStep: 'Refresh the view and look again.',
      };
    case '42P07':
      return {
        reason: `someone has made a relation of this name meanwhile: ${said}`,
        nextStep: 'Choose another name.',
      };
    case '2BP01':
      return { reason: `something depends on it: ${said}`, nextStep: 'Leave it, or remove what depends on it first.' };
    default:
      return {
        reason: said,
        nextStep:
          verb === 'build' ? 'Correct the definition, then start it again.' : 'Refresh the view and look again.',
      };
  }
}

/** For a build that ended with its window: a sentence on what is there now. */
export function describeRemainder({ invalid, ...burden }: Extract<IndexLeftover, { left: 'remainder' }>): string {
  const names = invalid.map(({ schema, name }) => quoteQualifiedName(schema, name)).join(', ');
  return invalid.length === 1
    ? `The invalid index ${names} is left: it answers no query, and ${describeBurden(burden)}, so drop it.`
    : `Left are ${names}: they are of no use without the rest, and ${describeBurden(burden)}, so drop them.`;
}

/** pg_index.indisready: only from the end of the first scan on do writes add to an index that is being built. */
function describeBurden({ isWritten }: { isWritten: boolean }): string {
  return isWritten
    ? 'every write has to keep it up'
    : 'although writes do not keep it up yet, updates of its columns can not be HOT while it is there';
}

/** A sentence or more. `index` is the one that was worked on. */
export function describeLeftover(leftover: IndexLeftover, verb: FailedWork['verb'], index: RelationName): string {
  switch (leftover.left) {
    case 'nothing':
      return 'Nothing is left of it on the server.';
    case 'remainder': {
      if (verb === 'drop') {
        const names = leftover.invalid.map(({ schema, name }) => quoteQualifiedName(schema, name)).join(', ');
        const what = leftover.untouched ?? index;
        return `Index ${quoteQualifiedName(what.schema, what.name)} is as it was. Left is what was to replace its parts, ${names}: ${describeBurden(leftover)}, so drop it.`;
      }
      return describeRemainder(leftover);
    }
    case 'renames':
      return `The index is gone, and what was there before is there again under another name. Give it its own: ${leftover.sql}`;
    case 'index': {
      const name = quoteQualifiedName(leftover.index.schema, leftover.index.name);
      return leftover.isValid
        ? `Index ${name} is as it was.`
        : `Index ${name} is invalid: it answers no query, and ${leftover.isWritten ? describeBurden(leftover) : 'writes do not keep it up any more'}. Drop it again${leftover.isWritten ? `, or bring it back with REINDEX INDEX CONCURRENTLY ${name}` : ''}.`;
    }
    case 'unknown':
      return `PG Insight could not look at what is left: when the server can be reached, see whether ${quoteQualifiedName(index.schema, index.name)} is there and valid${verb === 'build' ? ', and drop it if it is not' : ''}.`;
  }
}
