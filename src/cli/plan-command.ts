import { formatPlanJson } from '../analysis/format/plan-json';
import { formatPlanMarkdown } from '../analysis/format/plan-markdown';
import { formatPlanText } from '../analysis/format/plan-text';
import type { Finding } from '../analysis/finding';
import type { Plan } from '../analysis/plan/plan';
import { loadPlanEngine } from '../analysis/plan/plan-on-demand';
import { outputFormats, outputOptions, UsageError, type Command, type OutputFormat } from './command';
import { exitCode } from './exit-code';
import type { Terminal } from './terminal';

export async function writePlan(
  plan: Plan,
  findings: readonly Finding[],
  format: OutputFormat,
  terminal: Terminal,
): Promise<void> {
  switch (format) {
    case 'json':
      await terminal.write(formatPlanJson(plan, findings));
      break;
    case 'md':
      await terminal.write(formatPlanMarkdown(plan, findings));
      break;
    case 'text':
      await terminal.write(formatPlanText(plan, findings, { width: terminal.width }));
      break;
  }
}

export const planCommand: Command = {
  name: 'plan',
  summary: 'Show a saved plan (EXPLAIN in any format) and what stands out in it; needs no server',
  argument: 'FILE',
  options: [{ name: 'number', value: 'N', help: 'which plan, when the file holds several' }, ...outputOptions],
  notes: [
    "FILE holds the output of EXPLAIN in text, JSON, YAML or XML, also as psql or pgAdmin print it, or a log with auto_explain; '-' is standard input.",
    'EXPLAIN (ANALYZE, BUFFERS) is best: without ANALYZE a plan has no times, and shares are those of cost.',
  ],
  async run(args, terminal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const planNumber = args.count('number');
    const file = args.argument;
    if (file === null) throw new UsageError("Which plan? Give a file, or '-' for standard input.");
    const text = await terminal.read(file);
    const { analyzePlan, parseAnyPlan, PlanReadError } = await loadPlanEngine();
    let plan: Plan;
    try {
      plan = parseAnyPlan(text, planNumber === null ? {} : { planNumber });
    } catch (error) {
      if (!(error instanceof PlanReadError)) throw error;
      const place = `${file === '-' ? 'standard input' : file}:${error.line}:${error.column}`;
      const isChoice = error.problem === 'several-plans' || error.problem === 'no-such-plan';
      if (isChoice) throw new UsageError(`${place}: ${error.message} (--number N)`);
      terminal.error(`${place}: ${error.message}`);
      return exitCode.failed;
    }
    await writePlan(plan, analyzePlan(plan), format, terminal);
    return exitCode.fine;
  },
};
