// Looks for habits of speech that make docs, messages and comments hard to read, and says what to write instead.
// Node alone runs it: `node scripts/prose.mjs [paths]`.
import { readFileSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Each habit: what it looks like, and what to write instead. `only` limits it to docstrings. */
const HABITS = [
  {
    found: /\b(let|lets|letting) go of\b|\blet go\b/i,
    instead: 'say "deletes", "releases" or "closes"',
  },
  {
    found: /\b(whoever|nobody|somebody)\b/i,
    instead: 'name the subject: "the caller", "a reader", "another process", "no process"',
  },
  {
    found:
      /(?<!\b(?:there|it) )\bis no (?!(?:longer|more|less|fewer|later|earlier|other|one|smaller|larger|better|worse|matter)\b)[a-z]/i,
    instead: 'say "is not a ..."',
  },
  {
    found: /\bit is no (?!(?:longer|more|less|fewer|later|earlier|other|matter)\b)[a-z]/i,
    instead: 'say "it is not a ..."',
  },
  {
    found: /\bso (many|much)\b(?![^.;:]*\b(that|as)\b)/i,
    instead:
      'name the number: "the number of ...", "at most this many ...", "a given number of ..."',
  },
  {
    found: /(?:^|\. )(Gives|Told)\b/,
    only: 'docstring',
    instead: 'say "Returns ..." or "Called when ..."',
  },
  { found: /\bas of run\b/i, instead: 'say "as for `stepwell run`", or say what the option does' },
  {
    found: /\b(is|was) none\b(?! of\b)/i,
    instead: 'say what it is not, or what is missing: "if the file does not exist"',
  },
]

function* filesBelow(dir, wanted) {
  for (const entry of readdirSync(join(ROOT, dir), { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue
    const path = join(dir, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path, wanted)
    else if (wanted(path)) yield path
  }
}

function* allFiles() {
  yield 'README.md'
  yield* filesBelow('docs', (path) => path.endsWith('.md'))
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    for (const path of filesBelow(join('packages', name), isProse)) yield path
  }
}

function isProse(path) {
  const [, , place] = path.split(sep)
  return path.endsWith(`${sep}README.md`) || (place === 'src' && path.endsWith('.ts'))
}

/**
 * The passages of a file: sentences without line breaks, each character with the line it is on. Code of Markdown is
 * left out, and of TypeScript everything but comments and texts.
 */
function passagesOf(path, text) {
  return path.endsWith('.md') ? ofMarkdown(text) : ofTypeScript(text)
}

function ofMarkdown(text) {
  const passages = []
  let words = []
  const close = () => {
    if (words.length > 0) passages.push({ kind: 'text', words })
    words = []
  }
  let fence = false
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*```/.test(line)) {
      fence = !fence
      close()
      continue
    }
    if (fence) continue
    if (line.trim() === '' || /^\s*([-*|#]|\d+\. )/.test(line)) close()
    for (const cell of line.trim().startsWith('|') ? line.split('|') : [line]) {
      push(words, cell.replace(/`[^`]*`/g, '`x`').replace(/^\s*([-*#]+|\d+\.)\s/, ''), at + 1)
      if (line.trim().startsWith('|')) close()
    }
  }
  close()
  return passages
}

function ofTypeScript(text) {
  const passages = []
  let words = []
  let kind = 'comment'
  const close = () => {
    if (words.length > 0) passages.push({ kind, words })
    words = []
  }
  let block = false
  for (const [at, line] of text.split('\n').entries()) {
    const opens = /^\s*\/\*\*?(.*)$/.exec(line)
    if (!block && opens !== null) {
      close()
      kind = 'docstring'
      block = true
    }
    if (block) {
      const said = (opens?.[1] ?? line.replace(/^\s*\*(?!\/)/, '')).replace(/\*\/.*$/, '')
      if (/^\s*(@|- )/.test(said) || said.trim() === '') {
        close()
        kind = 'docstring-part'
      }
      push(words, said, at + 1)
      if (line.includes('*/')) {
        block = false
        close()
      }
      continue
    }
    const comment = /^\s*\/\/(.*)$/.exec(line)
    if (comment !== null) {
      if (kind !== 'comment') close()
      kind = 'comment'
      push(words, comment[1], at + 1)
      continue
    }
    close()
    kind = 'text'
    // Texts: what stands in quotes and has a blank in it. A text does not go over lines here.
    for (const [quoted] of line.matchAll(
      /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g,
    )) {
      if (!quoted.includes(' ')) continue
      push(words, quoted.slice(1, -1).replace(/\$\{[^}]*\}/g, 'x'), at + 1)
      close()
    }
    const open = /`((?:[^`\\]|\\.)*)$/.exec(line.replace(/`(?:[^`\\]|\\.)*`/g, ''))
    if (open !== null && open[1].includes(' ')) push(words, open[1], at + 1)
    close()
    kind = 'comment'
    const behind = /(?:^|[\s;{,])\/\/ (.*)$/.exec(line)
    if (behind !== null && !/['"`]/.test(behind[1])) push(words, behind[1], at + 1)
    close()
  }
  close()
  return passages
}

function push(words, said, line) {
  for (const word of said.split(/\s+/)) if (word !== '') words.push({ word, line })
}

const given = process.argv.slice(2)
let found = 0
for (const path of given.length > 0 ? given : allFiles()) {
  for (const { kind, words } of passagesOf(path, readFileSync(join(ROOT, path), 'utf8'))) {
    const text = words.map(({ word }) => word).join(' ')
    for (const habit of HABITS) {
      if (habit.only !== undefined && habit.only !== kind) continue
      for (const match of text.matchAll(new RegExp(habit.found, `g${habit.found.flags}`))) {
        const before = text.slice(0, match.index).split(' ').length - 1
        const { line } = words[Math.min(before, words.length - 1)]
        console.error(`${path}:${line}: "${match[0].trim()}": ${habit.instead}`)
        found++
      }
    }
  }
}
if (found > 0) {
  console.error(`prose: ${found} to rewrite`)
  process.exit(1)
}
