// What became of a build whose window went while it ran. A window that closes in order has its builds cancelled; when its
// process ends otherwise, the server notices nothing: CREATE INDEX CONCURRENTLY says nothing to its client before its end,
// and goes on to that.
import type { StartedIndexBuild, StartedIndexBuildState } from '../../analysis/index-build/index-build';
import { toWholeDefinition } from '../../analysis/indexes/index-shape';
import type { IndexStateRow } from '../queries/index-build/index-build';
import { captureIndexStates, lookUnit, type IndexContext } from './index-context';
import { isWritten, toCleanupTargets, toNames } from './run-agreed';

/**
 * The names were free when it was begun, so what has one of them, on the same table and with an owner that the role is,
 * counts as its work. Nothing is dropped for that: the user is asked, and it has to be invalid then.
 */
export async function findStartedBuild(
  context: IndexContext,
  { made, keep, unfinishedSql }: StartedIndexBuild,
  signal?: AbortSignal,
): Promise<StartedIndexBuildState> {
  const states = await context.run(lookUnit(signal), (unit) => captureIndexStates(unit, context.facts, made));
  const isOurs = (state: IndexStateRow | null, place: number): state is IndexStateRow =>
    state !== null && state.is_owner && state.table_name === made[place]?.table;
  const ours = states.filter(isOurs);
  const [root = null] = states;
  if (isOurs(root, 0) && root.is_valid === true) {
    const { oid, schema, name, definition, size_bytes: sizeBytes } = root;
    const index = { oid, schema, name };
    return {
      state: 'built',
      index,
      definition: toWholeDefinition(definition ?? ''),
      sizeBytes,
      unfinishedSql,
      undo: { indexes: [{ ...index, mustBeInvalid: false }], keep },
    };
  }
  const busy = ours.find(({ is_valid: isValid, busy_pid: pid }) => isValid === false && pid !== null);
  if (busy?.busy_pid !== undefined && busy.busy_pid !== null) return { state: 'running', pid: busy.busy_pid };
  const indexes = toCleanupTargets(ours);
  if (indexes.length === 0) return { state: 'gone' };
  return {
    state: 'left',
    leftover: {
      left: 'remainder',
      invalid: toNames(indexes),
      isWritten: isWritten(ours),
      untouched: null,
      cleanup: { indexes, keep },
    },
  };
}
