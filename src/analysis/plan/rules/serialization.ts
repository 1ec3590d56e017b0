import { formatMs, formatRatio } from '../../format/numbers';
import { numberField, objectField } from '../fields';
import { atStake, definePlanRule, isWorthwhile, measured, observeStatement, unknownPlanRatio } from '../plan-rule';

/** Below that the rows' making, not their sending, is the matter. */
const minSerializationRatio = 0.3;

export const serialization = definePlanRule({
  id: 'serialization',
  title: 'Turning the rows into text takes a good part of the time',
  check: (tree) =>
    observeStatement(tree, (root) => {
      const ms = tree.plan.outside.serializationMs;
      if (ms === null || tree.wholeMs === null || tree.wholeMs === 0) return null;
      const ratio = Math.min(1, ms / tree.wholeMs);
      if (ratio < minSerializationRatio || !isWorthwhile(tree, ratio)) return null;
      const printed = objectField(tree.plan, 'Serialization');
      const kilobytes = printed === null ? null : numberField(printed, 'Output Volume');
      return {
        node: root,
        ...atStake(tree, ratio * unknownPlanRatio),
        message: `Turning the rows into what is sent took ${formatMs(ms)}, ${formatRatio(ratio)} of the execution.`,
        advice:
          'Name the columns that are needed instead of *, leave out wide ones that are stored apart (TOAST), and fetch fewer rows at a ' +
          'time.',
        evidence: [
          measured('serialization', ms, 'ms'),
          measured('share of the execution', ratio, 'ratio'),
          ...(kilobytes === null ? [] : [measured('sent', kilobytes * 1024, 'bytes')]),
        ],
      };
    }),
});
