/** The whole style of the exported report: system fonts, light and dark as the reader's system says, printable. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --muted: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --page: #ffffff; --bar: #0969da;
  --critical: #b3001b; --high: #d1242f; --medium: #9a6700; --low: #0969da; --info: #59636e; --good: #1a7f37;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --muted: #9198a1; --line: #3d444d; --soft: #151b23; --page: #0d1117; --bar: #4493f8;
    --critical: #ff7b86; --high: #f85149; --medium: #d29922; --low: #4493f8; --info: #9198a1; --good: #3fb950;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1100px; padding: 32px 24px; background: var(--page); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { display: flex; gap: 20px; align-items: center; border-bottom: 1px solid var(--line); padding-bottom: 16px; }
header p { margin: 2px 0; color: var(--muted); }
h1 { font-size: 24px; margin: 0; }
h2 { font-size: 18px; margin: 32px 0 12px; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
h3 { font-size: 14px; margin: 0; }
.grade {
  min-width: 72px; padding: 0 12px; line-height: 72px; text-align: center; font-size: 36px; font-weight: 600;
  border: 2px solid currentColor; border-radius: 8px; color: var(--medium);
}
.grade[data-grade="A"] { color: var(--good); }
.grade[data-grade="D"], .grade[data-grade="F"] { color: var(--high); }
.grade[data-grade="incomplete"] { font-size: 16px; color: var(--info); }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; padding: 0; margin: 16px 0 0; }
a { color: var(--low); text-decoration: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--muted); font-weight: 500; }
th, .figure { white-space: nowrap; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
td:first-child { overflow-wrap: anywhere; }
figure { margin: 0 0 16px; }
figcaption { color: var(--muted); margin-bottom: 6px; }
.bars { list-style: none; margin: 0; padding: 0; }
.bars li { display: grid; grid-template-columns: minmax(120px, 320px) 1fr 90px; gap: 12px; align-items: center; padding: 2px 0; }
.bars .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars svg { width: 100%; height: 10px; background: var(--soft); border-radius: 2px; }
.bars rect { fill: var(--bar); }
.finding { border-left: 4px solid var(--info); padding: 8px 0 8px 16px; margin: 12px 0; break-inside: avoid; }
.finding.critical { border-color: var(--critical); }
.finding.high { border-color: var(--high); }
.finding.medium { border-color: var(--medium); }
.finding.low { border-color: var(--low); }
.finding p { margin: 6px 0; }
.finding .rule { color: var(--muted); margin: 0; }
dl { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 6px 0; }
dl dt { color: var(--muted); }
dl dt::after { content: ":"; }
dl dd { margin: 0 0 0 -18px; font-variant-numeric: tabular-nums; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } nav { display: none; } h2 { break-after: avoid; } }
`;
