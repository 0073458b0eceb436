/** What a page of monitoring has beyond the look of all reports. */
export const MONITORING_STYLE = `
:root { --v0: #2f6fde; --v1: #0d8a6a; --v2: #8a4fd0; --v3: #b0701a; --v4: #0b87a8; --v5: #c0427f; --warn: #b26a00; --warn-cell: #f0a020; }
@media (prefers-color-scheme: dark) { :root { --v0: #7aa9ff; --v1: #4fd0a8; --v2: #c39bff; --v3: #e3ad5c; --v4: #5cc8e6; --v5: #ff93c4; --warn: #ffb74d; --warn-cell: #d99a2b; } }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--tone); border-radius: 8px; background: var(--card); padding: 0.75rem 1rem; margin: 1rem 0 0; }
.verdict strong { color: var(--tone); } .verdict ul { margin: 0.35rem 0 0; padding-left: 1.2rem; }
.tone-ok { --tone: var(--good); } .tone-warn { --tone: var(--warn); } .tone-alert { --tone: var(--bad); }
td.tone-ok, td.tone-warn, td.tone-alert { color: var(--tone); font-weight: 600; }
svg .line { stroke: var(--tint); stroke-width: 2; fill: none; stroke-linejoin: round; } svg .line.knot { fill: var(--tint); stroke: none; }
svg rect.block { fill: var(--tint); }
.v0 { --tint: var(--v0); } .v1 { --tint: var(--v1); } .v2 { --tint: var(--v2); } .v3 { --tint: var(--v3); } .v4 { --tint: var(--v4); } .v5 { --tint: var(--v5); }
.v-bad { --tint: var(--bad); } .v-soft { --tint: var(--soft); } .v-mark { --tint: var(--mark); } .v-best { --tint: var(--best); }
svg path.dashed { stroke-dasharray: 5 4; stroke-width: 1.6; }
svg path.limit { stroke-width: 1; stroke-opacity: 0.75; fill: none; } svg .limit.warn { stroke: var(--warn); } svg .limit.alert { stroke: var(--bad); }
.change { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; fill: none; } svg .change-name { font-size: 12px; }
.hit { fill: transparent; } .hit:hover { fill: var(--ink); fill-opacity: 0.07; }
.swatch { display: inline-block; width: 0.9em; height: 0.9em; border-radius: 3px; background: var(--tint); vertical-align: -0.1em; margin-right: 0.4em; }
.swatch.thin { height: 3px; border-radius: 0; vertical-align: 0.25em; } .swatch.warn { --tint: var(--warn-cell); } .swatch.alert { --tint: var(--bad); } .swatch.ok { --tint: color-mix(in srgb, var(--mark) 35%, transparent); }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; }
figure.wide { margin-bottom: 0.8rem; } .only-narrow { display: none; }
.heat-map { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr; gap: 0.5rem; }
.heat-names { max-width: 11rem; font-size: 0.8rem; min-width: 0; } .heat-names div { height: 24px; line-height: 24px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.heat-names .faint { color: var(--soft); font-style: italic; }
.newest { direction: rtl; min-width: 0; } .newest > * { direction: ltr; margin-right: auto; }
.heat-cells { min-width: var(--least); max-width: var(--most); } .heat-cells svg { height: var(--tall); overflow: hidden; background: repeating-linear-gradient(45deg, transparent 0 4px, var(--line) 4px 5px); }
.heat-dates { display: flex; justify-content: space-between; gap: 0.5rem; font-size: 0.75rem; color: var(--soft); white-space: nowrap; padding-top: 0.2rem; }
g.faint .cell { fill: color-mix(in srgb, color-mix(in srgb, var(--fill) var(--deep), var(--card)) 35%, var(--card)); }
.cell { shape-rendering: crispEdges; fill: color-mix(in srgb, var(--fill) var(--deep), var(--card)); } .cell.ok { --fill: color-mix(in srgb, var(--mark) 60%, var(--card)); } .cell.warn { --fill: var(--warn-cell); } .cell.alert { --fill: var(--bad); }

.dense table { font-size: 0.8rem; } .dense th, .dense td { padding: 0.3rem 0.4rem; } .dense td:first-child { min-width: 0; white-space: nowrap; }
details { margin-top: 0.6rem; } summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; }
code { font-size: 0.9em; }
@media (max-width: 44rem) { .only-wide { display: none; } .only-narrow { display: block; } .heat-names { max-width: 6.5rem; } }
@media print { :root { --warn: #8a5200; --warn-cell: #f0a020; --v0: #2f6fde; --v1: #0d8a6a; --v2: #8a4fd0; --v3: #b0701a; --v4: #0b87a8; --v5: #c0427f; } .only-wide { display: block; } .only-narrow { display: none; }
  .dense table { font-size: 7pt; } .dense th, .dense td { padding: 0.15rem 0.25rem; }
  .heat-cells { min-width: 0; } .verdict, .heat-map { break-inside: avoid; } }
`
