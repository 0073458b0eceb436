/** What stands below the list of commands. */
export const EXAMPLES = `
Examples:
  stepwell run                    run what changed, and what depends on it
  stepwell run train -j 4         run train and what it needs, four steps at once
  stepwell plan                   say what a run would do, and why
  stepwell explain train          why train would run, or would not
  stepwell schedule               run it automatically: on new data, on drift, on a schedule
  stepwell serve bikes            serve a registered model over HTTP
  stepwell runs show --variables  the origin of each output of the latest run
`
