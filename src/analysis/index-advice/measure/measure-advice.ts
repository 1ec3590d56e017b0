// Runs advice before it is given. The advised indexes are built for a trial, every statement whose plan changes is run
// with and without them, what makes one slower or none faster is dropped, and the choice is made again without it, until
// the trial bears out the whole set. At the end of each round no index of the trial is left.
import type { ParameterValues } from '../../explain/explain';
import { formatQuantity } from '../../format/numbers';
import type { Plan } from '../../plan/plan';
import { toIndexKey, type AllowedIndexes } from '../allowed-indexes';
import type { WorkloadAdvice, WorkloadRecommendation } from '../workload-advice';
import type { HypotheticalIndex } from '../what-if-planner';
import { describeMeasured } from '../text/measured-text';
import { findEstimateFactor } from './estimate-factor';
import { compareTimes, type MeasuredTime, type TimeChange } from './measured-time';

/** Then no other index takes the place of one that lost: each new one costs a build and a round of runs. */
const freeRounds = 3;

export interface TrialStatement {
  id: string;
  sql: string;
  parameters: ParameterValues;
}

/** A statement that may be run, with values for all of its parameters. */
export interface RunnableStatement extends TrialStatement {
  /** Of $1 to $n; empty without parameters. */
  values: readonly (string | null)[];
}

export interface TimedStatement {
  time: MeasuredTime;
  /** With the real rows; null when the statement was given up. */
  plan: Plan | null;
}

/** Why something was not measured, a sentence. */
export interface TrialReason {
  reason: string;
}

/** Where statements run and indexes are built. All of it rejects only with what ends the whole trial. */
export interface TrialBench {
  prepare(statement: TrialStatement): Promise<RunnableStatement | TrialReason>;
  /** Without running it. */
  plan(statement: RunnableStatement): Promise<Plan | TrialReason>;
  time(statement: RunnableStatement): Promise<TimedStatement | TrialReason>;
  /** Gives the name that plans show; those of its partitions begin with it and "_". */
  build(index: HypotheticalIndex): Promise<{ name: string } | TrialReason>;
  /** Never rejects. */
  dropAll(): Promise<void>;
}

export interface MeasuredStatement {
  id: string;
  /** Of $1 to $n; empty without parameters. */
  values: readonly (string | null)[];
  before: MeasuredTime;
  after: MeasuredTime;
  change: TimeChange;
  /** Plans of the runs; null when those were given up. */
  planBefore: Plan | null;
  planAfter: Plan | null;
}

export interface LostIndex {
  name: string;
  index: HypotheticalIndex;
  /** A sentence. */
  reason: string;
}

export interface MeasuredAdvice {
  /** The set that is left; what a run has borne out has the grade 'measured'. */
  advice: WorkloadAdvice;
  /** Those whose plan the set changes, or that write to its tables. */
  statements: readonly MeasuredStatement[];
  /** Statements that were not measured, with the reason. */
  unmeasured: readonly { id: string; reason: string }[];
  lost: readonly LostIndex[];
  /** How often a set was built and run. */
  rounds: number;
  /** False when the time was over before the last set was measured. */
  isComplete: boolean;
}

export interface MeasureOptions {
  /** Advice for the same statements with other indexes, and with what the runs have shown of row estimates. */
  reselect: (allowed: AllowedIndexes, estimateFactors: ReadonlyMap<string, number>) => Promise<WorkloadAdvice>;
  isOver: () => boolean;
  onProgress: (what: string) => void;
}

interface Round {
  statements: MeasuredStatement[];
  unmeasured: { id: string; reason: string }[];
  /** By the key of the index: the statements whose plan takes it now. */
  users: ReadonlyMap<string, ReadonlySet<string>>;
  /** By the key of the index: why it could not be built. */
  unbuilt: ReadonlyMap<string, string>;
}

export async function measureAdvice(
  first: WorkloadAdvice,
  statements: readonly TrialStatement[],
  bench: TrialBench,
  { reselect, isOver, onProgress }: MeasureOptions,
): Promise<MeasuredAdvice> {
  const lost: LostIndex[] = [];
  const factors = new Map<string, number>();
  const baselines = new Map<string, TimedStatement>();
  let advice = first;
  for (let rounds = 1; ; rounds++) {
    const round = await new TrialRound(bench, advice.recommendations, baselines, isOver, onProgress).run(statements);
    if (round === null) {
      return { advice, statements: [], unmeasured: [], lost, rounds: rounds - 1, isComplete: false };
    }
    for (const { id, planBefore } of round.statements) {
      const factor = planBefore === null ? null : findEstimateFactor(planBefore);
      if (factor !== null) factors.set(id, factor);
    }
    const losers = findLosers(advice.recommendations, round, statementWeights(advice));
    if (losers.length === 0) {
      const { statements: measured, unmeasured } = round;
      return {
        ...{ advice: withEvidence(advice, round), statements: measured, unmeasured, lost, rounds },
        isComplete: true,
      };
    }
    lost.push(...losers);
    if (isOver()) return { advice, statements: [], unmeasured: [], lost, rounds, isComplete: false };
    onProgress(`Choosing again without ${formatQuantity(lost.length, 'index', 'indexes')}`);
    const lostKeys = new Set(lost.map(({ index }) => toIndexKey(index)));
    const left = advice.recommendations.map(({ index }) => index).filter((index) => !lostKeys.has(toIndexKey(index)));
    const except = lost.map(({ index }) => index);
    advice = await reselect({ except, only: rounds < freeRounds ? null : left }, factors);
  }
}

function statementWeights({ statements }: WorkloadAdvice): ReadonlyMap<string, number> {
  return new Map(statements.map(({ id, calls }) => [id, calls ?? 1]));
}

class TrialRound {
  readonly #bench: TrialBench;
  readonly #recommendations: readonly WorkloadRecommendation[];
  /** Measured without any index of the trial, by statement; kept from round to round. */
  readonly #baselines: Map<string, TimedStatement>;
  readonly #isOver: () => boolean;
  readonly #onProgress: (what: string) => void;
  readonly #unmeasured: { id: string; reason: string }[] = [];
  readonly #users = new Map<string, Set<string>>();

  constructor(
    bench: TrialBench,
    recommendations: readonly WorkloadRecommendation[],
    baselines: Map<string, TimedStatement>,
    isOver: () => boolean,
    onProgress: (what: string) => void,
  ) {
    this.#bench = bench;
    this.#recommendations = recommendations;
    this.#baselines = baselines;
    this.#isOver = isOver;
    this.#onProgress = onProgress;
  }

  /** Null when the time was over before its end. */
  async run(statements: readonly TrialStatement[]): Promise<Round | null> {
    if (this.#recommendations.length === 0) {
      return { statements: [], unmeasured: [], users: this.#users, unbuilt: new Map() };
    }
    const runnable: { statement: RunnableStatement; plan: Plan }[] = [];
    for (const [at, statement] of statements.entries()) {
      this.#onProgress(`Planning statement ${at + 1} of ${statements.length}`);
      const prepared = this.#take(statement.id, await this.#bench.prepare(statement));
      const plan = prepared === null ? null : this.#take(statement.id, await this.#bench.plan(prepared));
      if (prepared !== null && plan !== null) runnable.push({ statement: prepared, plan });
    }
    if (this.#isOver()) return null;
    const changed: RunnableStatement[] = [];
    const afters = new Map<string, TimedStatement>();
    const unbuilt = new Map<string, string>();
    try {
      const names = await this.#build(unbuilt);
      for (const { statement, plan } of runnable) {
        const now = this.#take(statement.id, await this.#bench.plan(statement));
        // the same plan takes the same time, unless it writes to the index
        if (now === null || (toShape(now) === toShape(plan) && !this.#writes(plan))) continue;
        this.#noteUsers(statement.id, now, names);
        changed.push(statement);
      }
      for (const [at, statement] of changed.entries()) {
        if (this.#isOver()) return null;
        this.#onProgress(`Running statement ${at + 1} of ${changed.length} with the indexes`);
        const after = this.#take(statement.id, await this.#bench.time(statement));
        if (after !== null) afters.set(statement.id, after);
      }
    } finally {
      await this.#bench.dropAll();
    }
    // what the end of the time cut short looks like statements without a plan that changes
    if (this.#isOver()) return null;
    const measured: MeasuredStatement[] = [];
    for (const [at, statement] of changed.entries()) {
      const after = afters.get(statement.id);
      if (after === undefined) continue;
      if (this.#isOver()) return null;
      this.#onProgress(`Running statement ${at + 1} of ${changed.length} without the indexes`);
      const known = this.#baselines.get(statement.id);
      // one that looks slower is run again beside it: the machine may have become slower since the first time
      const isKnown = known !== undefined && compareTimes(known.time, after.time) !== 'slower';
      const before = isKnown ? known : this.#take(statement.id, await this.#bench.time(statement));
      if (before === null) continue;
      this.#baselines.set(statement.id, before);
      measured.push({
        id: statement.id,
        values: statement.values,
        before: before.time,
        after: after.time,
        change: compareTimes(before.time, after.time),
        planBefore: before.plan,
        planAfter: after.plan,
      });
    }
    if (this.#isOver()) return null;
    return { statements: measured, unmeasured: this.#unmeasured, users: this.#users, unbuilt };
  }

  #take<Result extends object>(id: string, result: Result | TrialReason): Result | null {
    if (!('reason' in result)) return result;
    this.#unmeasured.push({ id, reason: result.reason });
    return null;
  }

  async #build(unbuilt: Map<string, string>): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (const [at, { index, name }] of this.#recommendations.entries()) {
      if (this.#isOver()) break;
      this.#onProgress(`Building ${name} for the trial (${at + 1} of ${this.#recommendations.length})`);
      const built = await this.#bench.build(index);
      if ('name' in built) names.set(toIndexKey(index), built.name);
      else unbuilt.set(toIndexKey(index), built.reason);
    }
    return names;
  }

  #writes(plan: Plan): boolean {
    return findWrittenTables(plan).some(({ schema, relation }) =>
      this.#recommendations.some(({ index }) => index.schema === schema && index.table === relation),
    );
  }

  #noteUsers(id: string, { nodes }: Plan, names: ReadonlyMap<string, string>): void {
    for (const [key, name] of names) {
      const isUsed = nodes.some(({ index }) => index === name || index?.startsWith(`${name}_`) === true);
      if (isUsed) this.#users.set(key, (this.#users.get(key) ?? new Set()).add(id));
    }
  }
}

/** What tells two plans apart, but for their figures. */
function toShape({ nodes }: Plan): string {
  return JSON.stringify(
    nodes.map(({ parent, type, relation, index, joinType }) => [parent, type, relation, index, joinType]),
  );
}

function findLosers(
  recommendations: readonly WorkloadRecommendation[],
  round: Round,
  weights: ReadonlyMap<string, number>,
): LostIndex[] {
  return recommendations.flatMap(({ index, name, statementIds }): LostIndex[] => {
    const key = toIndexKey(index);
    if (round.unbuilt.has(key)) return [];
    const reason = findLossReason(index, statementIds, round, weights);
    return reason === null ? [] : [{ name, index, reason }];
  });
}

/** Null where the index stays. */
function findLossReason(
  index: HypotheticalIndex,
  statementIds: readonly string[],
  { statements, unmeasured, users }: Round,
  weights: ReadonlyMap<string, number>,
): string | null {
  const using = statements.filter(({ id }) => users.get(toIndexKey(index))?.has(id) === true);
  const slower = using.find((each) => each.change === 'slower' && !isWrite(each));
  if (slower !== undefined) return `${slower.id} takes longer with it: ${describeMeasured(slower)}.`;
  const faster = using.filter(({ change }) => change === 'faster');
  if (faster.length === 0) {
    // what it does for those that could not be run is the planner's word, which stands
    if (statementIds.some((id) => unmeasured.some((each) => each.id === id))) return null;
    const [first] = using;
    if (first === undefined) return 'No statement uses it when it is there.';
    return `No statement becomes faster with it: ${first.id} took ${describeMeasured(first)}.`;
  }
  const weigh = (of: readonly MeasuredStatement[]) =>
    of.reduce((sum, { id, before, after }) => sum + (after.medianMs - before.medianMs) * (weights.get(id) ?? 1), 0);
  // a write has to keep the index up to date, so it may become slower by less than the reads gain
  const writes = statements.filter((each) => isWrite(each) && each.change === 'slower' && writesTo(each, index));
  const [first] = writes;
  if (first === undefined || weigh(writes) + weigh(faster) <= 0) return null;
  return `Writes lose more than reads gain: ${first.id} took ${describeMeasured(first)}.`;
}

function isWrite(statement: MeasuredStatement): boolean {
  return findWrittenTables(statement.planBefore ?? statement.planAfter).length > 0;
}

function writesTo({ planBefore, planAfter }: MeasuredStatement, { schema, table }: HypotheticalIndex): boolean {
  return findWrittenTables(planBefore ?? planAfter).some((each) => each.schema === schema && each.relation === table);
}

function findWrittenTables(plan: Plan | null): Plan['nodes'] {
  return plan?.nodes.filter(({ type }) => type === 'ModifyTable') ?? [];
}

/** What the runs bear out is measured; what could not be run stays planned, and says why. */
function withEvidence(advice: WorkloadAdvice, { statements, unmeasured, users, unbuilt }: Round): WorkloadAdvice {
  return {
    ...advice,
    recommendations: advice.recommendations.map((recommendation) => {
      const key = toIndexKey(recommendation.index);
      const using = statements.filter(({ id }) => users.get(key)?.has(id) === true);
      const isBorneOut = using.some(({ change }) => change === 'faster');
      const whyNot =
        unbuilt.get(key) ?? unmeasured.find(({ id }) => recommendation.statementIds.includes(id))?.reason ?? null;
      return {
        ...recommendation,
        evidence: isBorneOut ? ('measured' as const) : recommendation.evidence,
        why: [
          ...recommendation.why,
          ...using.map((each) => `Measured: ${each.id} ${describeMeasured(each)}.`),
          ...(isBorneOut || whyNot === null ? [] : [`Not measured: ${whyNot}`]),
        ],
      };
    }),
  };
}
