/** The look of a report: on a phone, on paper, by day and by night. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --card: #fff; --ink: #16181d; --soft: #5c6370; --line: #e3e6eb;
  --mark: #2f6fde; --best: #d9660a; --good: #16794a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1b1e24; --ink: #e8eaee; --soft: #9aa2af;
  --line: #30353e; --mark: #7aa9ff; --best: #ffa14d; --good: #5fd39a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 0.75rem; }
h3 { font-size: 0.95rem; margin: 0 0 0.5rem; font-weight: 600; }
p { margin: 0.25rem 0; }
.soft, figcaption { color: var(--soft); font-size: 0.875rem; }
.tiles { display: grid; gap: 0.6rem; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); margin: 1.25rem 0 0; padding: 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 0.55rem 0.75rem; background: var(--card); }
.tile dt { color: var(--soft); font-size: 0.8rem; }
.tile dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.tile dd.small { font-size: 0.8rem; font-weight: 400; color: var(--soft); }
.good { color: var(--good) !important; } .bad { color: var(--bad) !important; }
.charts { display: grid; gap: 0.8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); align-items: start; }
figure, .card { margin: 0; border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; background: var(--card); min-width: 0; }
figcaption { margin-top: 0.35rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 13px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.tick { text-anchor: middle; } .tick.left { text-anchor: end; dominant-baseline: middle; }
svg .name { dominant-baseline: middle; fill: var(--ink); } svg .end { text-anchor: end; }
.grid { stroke: var(--line); fill: none; }
.dot { fill: var(--mark); fill-opacity: 0.6; } .dot.faint { fill-opacity: 0.3; }
.bar { fill: var(--mark); } .knot { fill: var(--mark); } .bar.best, .knot.best { fill: var(--best); }
.ideal { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
.curve { stroke: var(--mark); stroke-width: 2; fill: none; } .spread { stroke: var(--mark); stroke-width: 1.4; fill: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 7rem; }
th { color: var(--soft); font-weight: 500; }
.spark { width: 5rem; height: 1.4rem; margin-left: auto; }
.matrix { width: auto; } .matrix td, .matrix th { text-align: center; white-space: normal; max-width: 8rem; }
.matrix tr > :first-child { text-align: left; }
.matrix td:not(:first-child) { border: 1px solid var(--line); min-width: 3.2rem; padding: 0.6rem; }
.matrix .heat { background: color-mix(in srgb, var(--mark) var(--share), transparent); }
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc;
    --mark: #2f6fde; --best: #d9660a; --good: #16794a; --bad: #b3261e; }
  body { padding: 0; max-width: none; font-size: 11pt; }
  figure, .card, .tile, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .charts { grid-template-columns: repeat(3, 1fr); gap: 0.4rem; } figure { padding: 0.4rem; }
  .charts:has(> :nth-child(2):last-child), .charts:has(.matrix) { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
