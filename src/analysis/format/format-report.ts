// The report as a file: one place that knows its formats, for the terminal and for the report view's export.
import type { AnalysisReport } from '../report';
import { toReportDocument } from './report-document';
import { formatReportHtml } from './report-html';
import { formatReportMarkdown } from './report-markdown';
import { formatReportText, type ReportTextOptions } from './report-text';

export const reportFormats = ['text', 'json', 'md', 'html'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const plainText: ReportTextOptions = { highlight: (_part, text) => text, width: null };

/** `options` are those of the text. */
export function formatReport(report: AnalysisReport, format: ReportFormat, options = plainText): string {
  switch (format) {
    case 'text':
      return formatReportText(toReportDocument(report), options);
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'md':
      return formatReportMarkdown(toReportDocument(report));
    case 'html':
      return formatReportHtml(toReportDocument(report));
  }
}
