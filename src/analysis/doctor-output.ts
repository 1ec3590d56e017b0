// What doctor found, for people and for machines.
import * as z from 'zod';
import { doctorCheckSchema, type DoctorCheck, type DoctorStatus } from './doctor';
import { escapeMarkdown, toOneLine, wrapText } from './format/text-table';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const doctorJsonVersion = 1;

export const doctorJsonSchema = z.strictObject({
  schemaVersion: z.literal(doctorJsonVersion),
  /** host:port */
  server: z.string(),
  serverVersion: z.string(),
  database: z.string(),
  role: z.string(),
  /** ISO 8601. */
  capturedAt: z.iso.datetime(),
  checks: z.array(doctorCheckSchema),
});
export type DoctorReport = z.infer<typeof doctorJsonSchema>;

export const doctorStatusLabels: Record<DoctorStatus, string> = {
  fine: 'fine',
  missing: 'missing',
  'not-permitted': 'not permitted',
  'not-possible': 'not possible',
  'switched-off': 'switched off',
};

/** A terminal narrower than this gets lines that it wraps itself. */
const narrowestText = 30;
const labelWidth = Math.max(...Object.values(doctorStatusLabels).map(({ length }) => length)) + 2;

function describe({ role, database, server, serverVersion }: DoctorReport): string {
  return `Role ${role} in database ${database} on ${server}, PostgreSQL ${serverVersion}`;
}

function summarize(checks: readonly DoctorCheck[]): string {
  const gaps = checks.filter(({ status }) => status !== 'fine').length;
  if (gaps === 0) return `All ${checks.length} checks are fine.`;
  return `${gaps} of ${checks.length} checks found something.`;
}

/** `highlight` colours a label by its status; `width` is that of the terminal, null without one. */
export function formatDoctorText(
  report: DoctorReport,
  highlight: (status: DoctorStatus, label: string) => string,
  width: number | null,
): string {
  const margin = ' '.repeat(labelWidth);
  const room = width === null ? Infinity : Math.max(width - labelWidth, narrowestText);
  const wrap = (text: string) => wrapText(toOneLine(text), room);
  const blocks = report.checks.map(({ status, message, cost, remedy }) => {
    const label = doctorStatusLabels[status];
    const lines = [
      ...wrap(message),
      ...(cost === null ? [] : wrap(cost)),
      // statements are for copying and are never broken
      ...(remedy === undefined
        ? []
        : [
            ...wrap(`To mend it: ${remedy.title.charAt(0).toLowerCase()}${remedy.title.slice(1)}. ${remedy.risk}`),
            ...remedy.sql.split('\n').map((line) => `  ${toOneLine(line)}`),
          ]),
    ];
    const head = `${highlight(status, label)}${' '.repeat(labelWidth - label.length)}`;
    return `${head}${lines.join(`\n${margin}`)}`;
  });
  return `${toOneLine(describe(report))}\n\n${blocks.join('\n')}\n\n${summarize(report.checks)}\n`;
}

export function formatDoctorMarkdown(report: DoctorReport): string {
  const blocks = report.checks.map((check) => {
    const { remedy } = check;
    return [
      `- **${doctorStatusLabels[check.status]}** ${escapeMarkdown(check.message)}`,
      ...(check.cost === null ? [] : [`  ${escapeMarkdown(check.cost)}`]),
      ...(remedy === undefined
        ? []
        : [
            `  ${escapeMarkdown(`${remedy.title}: ${remedy.risk}`)}`,
            '',
            '  ```sql',
            ...remedy.sql.split('\n').map((line) => `  ${line}`),
            '  ```',
          ]),
    ].join('\n');
  });
  return `# ${escapeMarkdown(describe(report))}\n\n${blocks.join('\n')}\n\n${summarize(report.checks)}\n`;
}
