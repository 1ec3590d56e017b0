import { formatCount, formatFactor, formatMs } from '../../format/numbers';
import {
  definePlanRule,
  isWorthwhile,
  measured,
  planned,
  savedMsOf,
  severityOf,
  type PlanObservation,
} from '../plan-rule';
import { inputsOf, nodeLabel } from '../plan-tree';

/** A loop planned for a tenth of its runs was likely chosen for that reason. */
const minFactor = 10;
/** Fewer runs are cheap in any plan. */
const minLoops = 1000;
/** Half a second is what a person at an application notices. */
const minInnerMs = 500;

export const nestedLoopMisestimate = definePlanRule({
  id: 'nested-loop-misestimate',
  title: 'A nested loop ran far more often than planned',
  check: (tree) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (node.type !== 'Nested Loop') return [];
      const [outer, inner] = inputsOf(tree, node);
      const estimateFactor = outer?.estimateFactor ?? null;
      const innerMs = inner?.totalMs ?? null;
      if (outer === undefined || inner === undefined || tree.wholeMs === null) return [];
      if (estimateFactor === null || innerMs === null) return [];
      const loops = inner.loops ?? 0;
      if (outer.estimateDirection !== 'under' || estimateFactor < minFactor) return [];
      if (loops < minLoops || innerMs < minInnerMs) return [];
      const innerRatio = tree.wholeMs === 0 ? 0 : innerMs / tree.wholeMs;
      if (!isWorthwhile(tree, innerRatio)) return [];
      // planned for 1/factor of the runs: the rest is what was not foreseen
      const savedRatio = innerRatio * (1 - 1 / estimateFactor);
      return [
        {
          node,
          severity: severityOf(savedRatio),
          message:
            `The nested loop ran ${nodeLabel(inner)} ${formatCount(loops)} times, ${formatFactor(estimateFactor)} as often as planned, which ` +
            `took ${formatMs(innerMs)}.`,
          advice:
            `First see why ${nodeLabel(outer)} gave so many more rows than expected: with the right number the planner would likely ` +
            'join in another way. If the loop is right, an index on the inner side makes each run cheaper.',
          evidence: [
            planned('outer rows expected per loop', outer.plannedRows ?? 0, 'rows'),
            measured('outer rows per loop', outer.actualRows ?? 0, 'rows'),
            measured('loops of the inner side', loops, null),
            measured('time of the inner side', innerMs, 'ms'),
          ],
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
