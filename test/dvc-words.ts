/** Stages that count words and scale the count by a param; their data is `words.txt`. */
export const WORD_STAGES = `stages:
  count:
    cmd: wc -w < words.txt > count.txt
    deps: [words.txt]
    outs: [count.txt]
  scale:
    cmd: expr $(cat count.txt) '*' \${factor} > scaled.txt
    deps: [count.txt]
    params: [factor]
    outs: [scaled.txt]
`
