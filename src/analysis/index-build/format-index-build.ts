// What a user reads before, during and after an index is built or dropped; the same words in the editor and the terminal.
import type { Environment } from '../connection/connection-profile';
import { formatBytes, formatCount, formatMs, formatQuantity, formatRatio } from '../format/numbers';
import { quoteQualifiedName } from '../sql/identifiers';
import type { IndexBuildPlan, IndexDropPlan, IndexPlan, IndexProgress, OpenTransaction } from './index-build';

/** More lines would push the buttons of a dialog off the screen. */
const shownTransactions = 5;
const shownSteps = 8;
const shownIndexes = 4;
const shownTextCharacters = 80;

const environmentNames: Record<Environment, string> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
};

/** "pid 123 (app, psql, idle in transaction for 5 min 3 s)" */
export function formatTransactionOwner(transaction: OpenTransaction): string {
  const { pid, preparedName, role, application, state, stateAgeMs, isVisible } = transaction;
  const since = stateAgeMs === null ? '' : ` for ${formatDuration(stateAgeMs)}`;
  const facts = [
    role,
    application,
    pid === null ? 'prepared, waits for COMMIT PREPARED or ROLLBACK PREPARED' : null,
    isVisible ? (state === null ? null : `${state}${since}`) : 'what it does is hidden from this role',
  ].filter((fact) => fact !== null);
  const owner =
    pid === null
      ? preparedName === null
        ? 'a transaction in pg_prepared_xacts'
        : `transaction "${preparedName}"`
      : `pid ${pid}`;
  return facts.length === 0 ? owner : `${owner} (${facts.join(', ')})`;
}

/** One line: whose it is, its age, its statement. */
export function formatTransaction(transaction: OpenTransaction): string {
  const { ageMs, text } = transaction;
  const age = ageMs === null ? '' : `, open for ${formatDuration(ageMs)}`;
  const line = text === null ? '' : `: ${shorten(text.replace(/\s+/g, ' ').trim())}`;
  return `${formatTransactionOwner(transaction)}${age}${line}`;
}

/** One statement a line, each with its semicolon. */
export function formatSteps({ steps }: Pick<IndexPlan, 'steps'>): string {
  return steps.map(({ sql }) => `${sql};\n`).join('');
}

/** The statements come last: they may be longer than the dialog, and what they wait for must be seen before. */
export function formatBuildConfirmation(plan: IndexBuildPlan): string {
  const { index, estimatedRows, uncountedPartitions, tableSizeBytes, partitionCount, estimatedSizeBytes, steps } = plan;
  const rows = estimatedRows === null ? 'rows not counted yet' : `about ${formatQuantity(estimatedRows, 'row')}`;
  const uncounted = uncountedPartitions === 0 ? '' : `, ${formatCount(uncountedPartitions)} of them not counted yet`;
  const partitions = partitionCount === 0 ? '' : `, ${formatQuantity(partitionCount, 'partition')}${uncounted}`;
  return joinParagraphs([
    formatPlace(plan),
    [
      `Table: ${quoteQualifiedName(index.schema, index.table)} (${rows}, ${formatBytes(tableSizeBytes)}${partitions})`,
      `Size of the index: ${estimatedSizeBytes === null ? 'not estimated' : `about ${formatBytes(estimatedSizeBytes)}`}`,
    ].join('\n'),
    formatAttached(plan),
    formatInvalid(plan),
    formatOpenTransactions(plan),
    steps[0]?.pace === 'quick'
      ? 'Built on each partition without blocking writers. The other steps block writers of the partitioned table for a moment; none of them stands in line for longer than 3 s.'
      : 'Built CONCURRENTLY: reads and writes go on, and the build takes longer and reads the table twice.',
    formatShownSteps(plan),
  ]);
}

/** Of several that are built one after the other, and of those that can't be. */
export function formatBuildsConfirmation(plans: readonly IndexBuildPlan[], refused: readonly IndexBuildPlan[]): string {
  const [first] = plans;
  if (first === undefined) return '';
  const steps = plans.flatMap((plan) => plan.steps);
  const transactions = new Map(plans.flatMap((plan) => plan.openTransactions).map((each) => [each.pid, each]));
  const all = { ...first, steps, openTransactions: [...transactions.values()] };
  const sizes = plans.map(({ estimatedSizeBytes }) => estimatedSizeBytes ?? 0).reduce((sum, size) => sum + size, 0);
  return joinParagraphs([
    formatPlace(first),
    `Size of the indexes together: about ${formatBytes(sizes)}`,
    formatOpenTransactions(all),
    refused
      .map(
        ({ index, refusal }) =>
          `Left out: ${quoteQualifiedName(index.schema, index.name)}. ${refusal?.reason ?? ''}. ${refusal?.nextStep ?? ''}`,
      )
      .join('\n'),
    'Built one after the other, each of them so that reads and writes go on. Cancel ends the one at work and leaves out the rest.',
    formatShownSteps(all),
  ]);
}

export function formatDropConfirmation(plan: IndexDropPlan): string {
  return joinParagraphs([
    formatPlace(plan),
    plan.indexes.map(formatDropped).join('\n'),
    formatRebuilt(plan),
    formatOpenTransactions(plan),
    plan.steps.some(({ pace, sql }) => pace === 'quick' && sql.startsWith('DROP'))
      ? 'The index of a partitioned table can only be dropped under an exclusive lock, with its indexes on the partitions. It is held for a moment, and waited for no longer than 3 s at a time.'
      : '',
    formatShownSteps(plan),
  ]);
}

function formatAttached({ attached }: IndexBuildPlan): string {
  return shortList(
    attached.map(
      ({ schema, name, table }) =>
        `${quoteQualifiedName(schema, name)} on ${quoteQualifiedName(schema, table)} is attached, not built again.`,
    ),
    'more index of a partition is attached',
    'more indexes of partitions are attached',
  );
}

function formatInvalid({ invalid }: IndexBuildPlan): string {
  return shortList(
    invalid.map(
      ({ schema, name, table }) =>
        `${quoteQualifiedName(schema, name)} on ${quoteQualifiedName(schema, table)} has the same definition and is invalid: a build that did not succeed has left it. It stays beside the new one unless you drop it.`,
    ),
    'more invalid index of the same definition is there',
    'more invalid indexes of the same definition are there',
  );
}

function formatRebuilt({ rebuilt }: IndexDropPlan): string {
  return shortList(
    rebuilt.map(
      ({ schema, name, table }) =>
        `${quoteQualifiedName(schema, name)} on ${quoteQualifiedName(schema, table)} was there before and stays: built anew first, it gets its name back after the drop, since PostgreSQL can't detach it.`,
    ),
    'more index of a partition stays',
    'more indexes of partitions stay',
  );
}

function shortList(lines: readonly string[], oneMore: string, more: string): string {
  const rest = lines.length - shownIndexes;
  return [...lines.slice(0, shownIndexes), ...(rest > 0 ? [`… and ${formatQuantity(rest, oneMore, more)}.`] : [])].join(
    '\n',
  );
}

function formatDropped({ schema, name, table, sizeBytes, scans, isValid }: IndexDropPlan['indexes'][number]): string {
  const used = scans === null ? 'uses not counted' : `used ${formatCount(scans)} times since the statistics were reset`;
  return `Index: ${quoteQualifiedName(schema, name)} on ${quoteQualifiedName(schema, table)} (${formatBytes(sizeBytes)}, ${isValid ? used : 'invalid'})`;
}

function formatPlace({ server, database, environment, role }: IndexPlan): string {
  return [
    `Server: ${server}`,
    `Database: ${database}`,
    `Environment: ${environmentNames[environment]}`,
    `Role: ${role}`,
  ].join('\n');
}

function formatShownSteps(plan: IndexPlan): string {
  const shown = formatSteps({ steps: plan.steps.slice(0, shownSteps) }).trimEnd();
  const more = plan.steps.length - shownSteps;
  return more > 0
    ? `${shown}\n… and ${formatQuantity(more, 'more statement')} of the same kind (Copy SQL has all)`
    : shown;
}

function formatOpenTransactions({ openTransactions }: IndexPlan): string {
  if (openTransactions.length === 0) return 'No open transaction is in its way now.';
  const more = openTransactions.length - shownTransactions;
  return [
    'Open transactions that it would wait for:',
    ...openTransactions.slice(0, shownTransactions).map((transaction) => `• ${formatTransaction(transaction)}`),
    ...(more > 0 ? [`• and ${formatQuantity(more, 'more', 'more')}`] : []),
  ].join('\n');
}

/** One line while it runs: "building index: scanning table, 45% (450 of 1,000 blocks)". */
export function formatProgress(progress: IndexProgress): string {
  const { step, stepCount, index, phase, phaseRatio, waitingFor } = progress;
  const place = stepCount === 1 ? '' : `${step} of ${stepCount}, ${quoteQualifiedName(index.schema, index.name)}: `;
  if (waitingFor !== null) return `${place}waiting for ${formatTransactionOwner(waitingFor)}`;
  const share =
    phaseRatio === null ? '' : `, ${formatRatio(Math.floor(phaseRatio * 100) / 100)}${formatDone(progress)}`;
  return `${place}${phase ?? 'starting'}${share}`;
}

function formatDone({ phase, blocksDone, blocksTotal, tuplesDone, tuplesTotal }: IndexProgress): string {
  if (phase?.startsWith('waiting') === true) return '';
  if (phase?.includes('loading tuples') === true) {
    return ` (${formatCount(tuplesDone)} of ${formatQuantity(tuplesTotal, 'row')})`;
  }
  return blocksTotal === 0 ? '' : ` (${formatCount(blocksDone)} of ${formatQuantity(blocksTotal, 'block')})`;
}

/** Whole seconds: nobody waits for a transaction in milliseconds. */
function formatDuration(ms: number): string {
  return ms < 120_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : formatMs(ms);
}

function shorten(text: string): string {
  return text.length <= shownTextCharacters ? text : `${text.slice(0, shownTextCharacters - 1)}…`;
}

function joinParagraphs(paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}
