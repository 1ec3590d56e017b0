import { formatMs, formatRatio } from '../../format/numbers';
import { numberField } from '../fields';
import { atStake, definePlanRule, isWorthwhile, measured, observeStatement } from '../plan-rule';

/** Compiling pays in what runs for long; where it is a quarter of the whole, the statement was too short for it. */
const minJitRatio = 0.25;
/** A limit at the statement's own cost would let the next one, a bit larger, be compiled again. */
const costMargin = 2;

export const jitOverhead = definePlanRule({
  id: 'jit-overhead',
  title: 'Compiling the statement (JIT) takes a good part of its time',
  check: (tree) =>
    observeStatement(tree, (root) => {
      const { outside, nodes } = tree.plan;
      if (outside.jitMs === null || tree.wholeMs === null || tree.wholeMs === 0) return null;
      // the printed figure is that of all processes, which compile at the same time
      const processes = 1 + Math.max(0, ...nodes.map((node) => numberField(node, 'Workers Launched') ?? 0));
      const jitMs = outside.jitMs / processes;
      const ratio = Math.min(1, jitMs / tree.wholeMs);
      if (ratio <= minJitRatio || !isWorthwhile(tree, ratio)) return null;
      const limit = root.totalCost === null ? null : Math.ceil(root.totalCost * costMargin);
      return {
        node: root,
        ...atStake(tree, ratio),
        message: `JIT compilation took ${formatMs(jitMs)}${processes === 1 ? '' : ` in each of ${processes} processes`}: ${formatRatio(ratio)} of the execution.`,
        advice:
          'The statement was over before its compiled code paid. Raise jit_above_cost above the cost of such statements, or switch jit ' +
          'off for them.',
        evidence: [
          measured('JIT time of all processes', outside.jitMs, 'ms'),
          measured('share of the execution', ratio, 'ratio'),
        ],
        ...(limit === null
          ? {}
          : {
              fix: {
                title: `Compile only what costs more than ${limit}, for the transaction`,
                sql: `SET LOCAL jit_above_cost = ${limit};`,
                risk: 'Costlier statements of the transaction that are compiled today may run slower. It ends with the transaction.',
                outsideTransaction: false,
              },
            }),
      };
    }),
});
