/** Draws the charts of a page: `window.Chart` and the block `charts` are there before it. */
export const PAGE_SCRIPT = `'use strict'
{
  const charts = JSON.parse(document.getElementById('charts').textContent)
  const COLOURS = ['#3b7fc4', '#d9660f', '#1f9e77', '#c05299', '#8a6fd1', '#b08a00', '#4db3c8', '#7f7f7f']
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]]
  // The most points that are all drawn; beyond that, Chart.js leaves out points that would not be visible.
  const MANY = 2000

  const numeric = (values) => values.every((value) => typeof value === 'number' || value === null)

  function pointsOf({ x, y }, byNumber, both) {
    let points = x.map((at, index) => ({ x: at, y: typeof y[index] === 'number' || both ? y[index] : null }))
    points = points.filter((point) => point.x !== null)
    if (byNumber) points.sort((a, b) => a.x - b.x)
    return points.length > MANY ? points.filter((point) => point.y !== null) : points
  }

  function datasetsOf({ style, series, revisions, fields }) {
    const byNumber = series.every(({ x }) => numeric(x))
    return series.map((each) => {
      const colour = revisions > 1 ? each.revision : each.at
      const dash = revisions > 1 && fields > 1 ? each.of : 0
      const data = style === 'bar' ? each.x : pointsOf(each, byNumber && style === 'line', false)
      return {
        label: each.label,
        data,
        borderColor: COLOURS[colour % COLOURS.length],
        backgroundColor: COLOURS[colour % COLOURS.length] + (style === 'line' ? '' : 'b0'),
        borderWidth: style === 'line' ? 2 : 1,
        borderDash: DASHES[dash % DASHES.length],
        pointRadius: style === 'line' ? (data.length > 25 ? 0 : 2.5) : data.length > MANY ? 1.5 : 3,
        pointHitRadius: data.length > MANY ? 2 : 8,
        pointStyle: style === 'scatter' ? ['circle', 'triangle', 'rect', 'cross'][dash % 4] : 'circle',
      }
    })
  }

  function scaleOf(values, label) {
    const type = values.every(numeric) ? 'linear' : 'category'
    return { type, title: { display: label !== '', text: label }, grid: {}, ticks: { maxRotation: 45 } }
  }

  function configOf(chart) {
    const { style, series, xLabel, yLabel } = chart
    const datasets = datasetsOf(chart)
    const isBar = style === 'bar'
    const labels = isBar ? [...new Set(series.flatMap(({ y }) => y.map(String)))] : undefined
    if (isBar) {
      for (const [index, { x, y }] of series.entries()) {
        const byName = new Map(y.map((name, at) => [String(name), x[at]]))
        datasets[index].data = labels.map((name) => byName.get(name) ?? null)
      }
    }
    const x = scaleOf(series.map((each) => each.x), xLabel)
    if (x.type === 'category' && !isBar) x.labels = [...new Set(series.flatMap((each) => each.x.map(String)))]
    if (x.type === 'category' && !isBar) for (const { data } of datasets) for (const point of data) point.x = String(point.x)
    return {
      type: isBar ? 'bar' : style,
      data: { labels, datasets },
      options: {
        animation: false,
        parsing: isBar || x.type === 'category' ? undefined : false,
        indexAxis: isBar ? 'y' : 'x',
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', axis: style === 'line' ? 'x' : 'xy', intersect: false },
        plugins: {
          decimation: { enabled: true, algorithm: 'min-max' },
          legend: { display: datasets.length > 1, position: 'bottom', labels: { boxWidth: style === 'line' ? 28 : 12, boxHeight: style === 'line' ? 0 : 10, usePointStyle: style === 'scatter' } },
        },
        scales: {
          x: isBar ? { title: { display: true, text: xLabel } } : x,
          y: isBar ? { title: { display: true, text: yLabel } } : { title: { display: true, text: yLabel } },
        },
      },
    }
  }

  const style = () => getComputedStyle(document.documentElement)
  function theme(chart) {
    const text = style().getPropertyValue('--text')
    const line = style().getPropertyValue('--line')
    for (const scale of Object.values(chart.options.scales)) {
      scale.grid = { color: line }
      scale.ticks = { ...scale.ticks, color: text }
      scale.title = { ...scale.title, color: text }
    }
    chart.options.plugins.legend.labels.color = text
    chart.update('none')
  }

  const drawn = charts.map((chart) => {
    const canvas = document.getElementById('chart-' + chart.id)
    canvas.setAttribute('role', 'img')
    return new Chart(canvas, configOf(chart))
  })
  const paint = () => drawn.forEach(theme)
  paint()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint)
  // Paper is white, and as wide as it is.
  addEventListener('beforeprint', () => {
    document.documentElement.classList.add('print')
    for (const chart of drawn) chart.resize(640, 300)
    paint()
  })
  addEventListener('afterprint', () => {
    document.documentElement.classList.remove('print')
    for (const chart of drawn) chart.resize()
    paint()
  })
}
`
