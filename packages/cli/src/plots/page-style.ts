/** How a page looks: on a phone, on a screen, and on paper. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #222; --soft: #666; --line: #dcdcdc; --card: #fff; --page: #f4f5f7; --mark: 59 127 196; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e6ea; --soft: #9aa0a8; --line: #3a3e45; --card: #1d2025; --page: #131519; }
}
:root.print { color-scheme: light; --text: #000; --soft: #444; --line: #ccc; --card: #fff; --page: #fff; }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.25rem clamp(.75rem, 3vw, 2.5rem) 3rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header { margin-bottom: 1.25rem; }
h1 { margin: 0; font-size: 1.35rem; }
h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 0; }
header p, .note { color: var(--soft); font-size: .87rem; overflow-wrap: anywhere; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
section { min-width: 0; padding: .9rem 1rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.chart { position: relative; height: 19rem; margin-top: .6rem; }
.sides { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: .6rem; }
figure { margin: 0; min-width: 0; max-width: 100%; flex: 1 1 14rem; }
figcaption { margin-bottom: .3rem; font-size: .87rem; font-weight: 600; overflow-wrap: anywhere; }
img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; padding-top: .3rem; color: var(--soft); text-align: left; }
th { padding: .3rem .5rem; color: var(--soft); font-weight: 500; text-align: right; white-space: nowrap; }
td { min-width: 2.6rem; padding: .4rem .5rem; border: 1px solid var(--line); text-align: center; background: rgb(var(--mark) / var(--share)); -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.error { color: #c62828; font-size: .87rem; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { :root:not(.print) .error { color: #ff8a80; } }
@media print {
  body { padding: 0; background: none; }
  main { display: block; }
  section { break-inside: avoid; margin-bottom: 1rem; border-color: #ccc; background: none; }
  .chart { height: auto; }
  canvas { max-width: 100%; height: auto !important; }
}
`
