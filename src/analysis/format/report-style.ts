/** The whole style of the exported report: system fonts, light and dark as the reader's system says, printable. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --muted: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --page: #ffffff; --bar: #0969da; --track: #eaeef2;
  --critical: #b3001b; --high: #cf222e; --medium: #9a6700; --low: #0969da; --info: #59636e; --good: #1a7f37;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --muted: #9198a1; --line: #30363d; --soft: #151b23; --page: #0d1117; --bar: #4493f8; --track: #21262d;
    --critical: #ff7b86; --high: #f85149; --medium: #d29922; --low: #4493f8; --info: #9198a1; --good: #3fb950;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1100px; padding: 32px 24px 64px; background: var(--page); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { display: flex; gap: 20px; align-items: center; }
header p { margin: 2px 0; color: var(--muted); }
header .reason { color: var(--text); }
h1 { font-size: 24px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 40px 0 12px; border-bottom: 1px solid var(--line); padding-bottom: 6px; }
h3 { font-size: 14px; margin: 0; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.grade {
  flex: none; min-width: 72px; padding: 0 12px; line-height: 68px; text-align: center; font-size: 36px; font-weight: 600;
  border: 2px solid currentColor; border-radius: 8px; color: var(--medium);
}
.grade[data-grade="A"] { color: var(--good); }
.grade[data-grade="D"], .grade[data-grade="F"] { color: var(--high); }
.grade[data-grade="incomplete"] { font-size: 15px; color: var(--info); }
nav { margin-top: 20px; padding: 10px 0; border: solid var(--line); border-width: 1px 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 0; }
.count { color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
a { color: var(--low); text-decoration: none; }
a:hover { text-decoration: underline; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 12px 0; }
.figures div { padding: 10px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--soft); }
.figures dt { color: var(--muted); }
.figures dd { margin: 0; font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.figures .note { font-size: 12px; line-height: 1.5; color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 16px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
th { color: var(--muted); font-weight: 500; }
th, td { white-space: nowrap; }
th.figure, td.figure { text-align: right; font-variant-numeric: tabular-nums; }
td.prose { min-width: 36ch; white-space: normal; overflow-wrap: anywhere; }
.targets td { vertical-align: middle; }
.targets td:first-child { min-width: 16ch; white-space: normal; }
@media (max-width: 600px) { .targets td:last-child, .targets th:last-child { display: none; } }
.targets td:last-child { width: 30%; }
svg { display: block; width: 100%; height: 10px; background: var(--track); border-radius: 2px; }
rect { fill: var(--bar); }
svg.missed .value { fill: var(--high); }
svg.met .value { fill: var(--good); }
.mark { fill: var(--text); }
.status.met { color: var(--good); }
.status.missed { color: var(--high); }
.status.unknown { color: var(--muted); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 16px 40px; margin-bottom: 20px; }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--muted); margin-bottom: 6px; }
.bars {
  display: grid; grid-template-columns: fit-content(50%) minmax(60px, 1fr) max-content; column-gap: 12px;
  list-style: none; margin: 0; padding: 0;
}
.bars li { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; padding: 2px 0; }
.bars .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .figure { text-align: right; font-variant-numeric: tabular-nums; }
.finding, .gap { border-left: 4px solid var(--info); padding: 4px 0 4px 16px; margin: 20px 0; }
.finding.critical { border-color: var(--critical); }
.finding.high { border-color: var(--high); }
.finding.medium { border-color: var(--medium); }
.finding.low { border-color: var(--low); }
.finding p, .gap p { margin: 6px 0; max-width: 85ch; }
.finding .rule { color: var(--muted); margin: 0; }
.severity { font-weight: 500; }
.critical .severity { color: var(--critical); }
.high .severity { color: var(--high); }
.medium .severity { color: var(--medium); }
.low .severity { color: var(--low); }
.finding dl { display: flex; flex-wrap: wrap; gap: 2px 24px; margin: 6px 0; }
.finding dl div { display: flex; gap: 6px; min-width: 0; }
.finding dt { color: var(--muted); min-width: 0; overflow-wrap: anywhere; }
.finding dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; min-width: 0; }
pre {
  background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; margin: 6px 0;
  font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 11px; }
  nav { display: none; }
  h2, h3, figcaption { break-after: avoid; }
  .finding, .gap, tr, figure, .figures { break-inside: avoid; }
  .scroll { overflow: visible; }
  /* paper can't be scrolled: there a long name may be broken after all */
  td:not(.figure) { white-space: normal; overflow-wrap: anywhere; }
  td.prose { min-width: 24ch; }
  svg, rect, .grade, pre, .figures div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
