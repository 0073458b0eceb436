import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { analyze } from '@typescript-eslint/scope-manager'
import { parseSync } from 'oxc-parser'
import { describe, expect, test } from 'vitest'
import { canonical } from '../src/code/parse/canonical.ts'
import { scopesOf, type Variable } from '../src/code/parse/scopes.ts'
import { isType, walk, type SyntaxNode } from '../src/code/parse/syntax.ts'

// What names stand for is checked against a scope analysis that was written by others: on what is tricky,
// and on the sources of this package.

/** Each name in a source with the offset of its declaration; `null` where it is of the platform. */
interface Resolved {
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

function parse(source: string): SyntaxNode {
  const { program, errors } = parseSync('x.ts', source, { preserveParens: false, range: true })
  expect(errors).toEqual([])
  return program as unknown as SyntaxNode
}

function resolve(source: string): Resolved {
  const root = parse(source)
  const runs = new Set<unknown>()
  walk(root, (node) => {
    if (isType(node)) return false
    runs.add(node)
    return true
  })
  const { variables } = scopesOf({ root, isModule: true })
  const ours: string[] = []
  const theirs: string[] = []
  const { scopes } = analyze(root as never, { sourceType: 'module', lib: [] })
  const references = scopes.flatMap((scope) => scope.references)
  for (const { identifier, resolved } of references.filter((each) => each.isValueReference)) {
    // Of `arguments`, it knows nothing.
    if (!runs.has(identifier) || identifier.name === 'arguments') continue
    const node = identifier as unknown as SyntaxNode
    const at = `${identifier.name} at ${node.start}`
    const theirPlace = (resolved?.identifiers ?? []) as unknown as readonly SyntaxNode[]
    const known: Variable | undefined = variables.get(node)
    theirs.push(`${at}: ${theirPlace[0]?.start ?? 'platform'}`)
    // A `var` of several declarations is at each of them.
    const same = theirPlace.find(({ start }) => start === known?.declaration.start)
    const place = same === undefined ? known?.declaration.start : theirPlace[0]?.start
    ours.push(`${at}: ${place ?? 'platform'}`)
  }
  return { ours, theirs }
}

describe('names mean what they mean', () => {
  const tricky = [
    `const x = 1\nexport const f = (a = x, b = () => a, { x: c = a, ...d } = b) => { var x = a; return [x, b, c, d] }`,
    `const x = 1\nexport function f(x = 2) { var x; return x }\nexport const g = (y = x) => { let x = y; return x }`,
    `export const f = function g(n) { return n > 0 ? g(n - 1) : 0 }\nconst g = 1\nexport { g as h }`,
    `const i = 1\nfor (let i = 0, n = i; i < n; i += 1) { const i = 5; use(i) }\nfor (const [i, j = i] of use(i)) use(i, j)\nuse(i)`,
    `const e = 1\ntry { use(e) } catch ({ message: e, cause = e }) { let f = e; use(f) } finally { use(e) }`,
    `const x = 1\nswitch (x) { case x: let y = 1; use(y); break; default: { const x = y; use(x) } }`,
    `export function f() { if (g()) { var late = 1 } return late\nfunction g() { return late } }`,
    `use(h)\n{ function h() {} use(h) }\nconst h = 1`,
    `class A extends (class B { m() { return [A, B] } }) { [A.x] = this; static { var w = A; use(w) } #p = w; set s(w) { use(w, arguments) } }\nvar w = 1`,
    `const label = 1\nlabel: for (;;) { if (use(label)) continue label; break label }`,
    `let a, b, c\n;({ a, b: [b], c = a, ...c.rest } = use(a))\n;[a.b, ...c] = b`,
    `const rows = 1, key = 'k'\nexport const f = ({ rows, [key]: value = rows }) => ({ rows, value, key: rows.key })`,
    `import d, { n as m, type T } from 'x'\nimport * as ns from 'x'\nexport const f = (m: T) => [d, m, ns.m, n]\nconst n = m`,
    `const t = 1\nexport const f = <t,>(x: t): t => x as t satisfies typeof t\nexport const g = t!`,
    `export class P { constructor(private a = 1, readonly b = a) { use(a, b, this.a) } }\nconst a = 1`,
    `const v = 1\nexport const f = async () => { for await (const v of use()) yieldIt(v); return await v }`,
    `export default function named() { return named }\nconst q = () => q`,
    `const x = 1\nexport const o = { x, get y() { return x }, [x]: x, x() { return x }, async *z(x) { yield x } }`,
    `var x = 1\nvar x = 2\nexport function f() { x = 3; { let x = 4; x += 1 } var y = x; var y }`,
    `export const f = (...[first, ...rest]) => { do { var first2 = first } while (rest[first2]); with_ = 1 }`,
  ]
  for (const source of tricky) {
    test(source, () => {
      const { ours, theirs } = resolve(source)
      expect(theirs.length).toBeGreaterThan(2)
      expect(ours).toEqual(theirs)
    })
  }

  test('in all sources of this package', () => {
    const dir = fileURLToPath(new URL('../src', import.meta.url))
    let names = 0
    for (const path of globSync('**/*.ts', { cwd: dir })) {
      const { ours, theirs } = resolve(readFileSync(`${dir}/${path}`, 'utf8'))
      expect([path, ours]).toEqual([path, theirs])
      names += ours.length
    }
    expect(names).toBeGreaterThan(10_000)
  })
})

describe('the text of code', () => {
  const textOf = (source: string): string => {
    const root = parse(source)
    const [declaration] = root['body'] as SyntaxNode[]
    return canonical(declaration as SyntaxNode, scopesOf({ root, isModule: true })).text
  }
  const same = (one: string, other: string) =>
    test(`${one} is ${other}`, () => expect(textOf(one)).toBe(textOf(other)))
  const differ = (one: string, other: string) =>
    test(`${one} is not ${other}`, () => expect(textOf(one)).not.toBe(textOf(other)))

  same('function f(a, b) { return a - b }', 'function f(x, y) { return x - y }')
  differ('function f(a, b) { return a - b }', 'function f(b, a) { return a - b }')
  same('function f({ a }) { return a }', 'function f({ a: b }) { return b }')
  differ('function f({ a }) { return a }', 'function f({ b }) { return b }')
  same('function f(a) { return { a } }', 'function f(b) { return { a: b } }')
  differ('function f(a) { return { a } }', 'function f(b) { return { b } }')
  differ(
    'function f(__proto__) { return { __proto__ } }',
    'function f(p) { return { __proto__: p } }',
  )
  same(`function f() { return { 'a': 1, "b-c": 2 } }`, `function f() { return { a: 1, 'b-c': 2 } }`)
  same(
    'function f() { try { g() } catch (e) { h(e) } }',
    'function f() { try { g() } catch (x) { h(x) } }',
  )
  // What a function or class is called can be read.
  differ(
    'function f() { const a = () => 1; return a }',
    'function f() { const b = () => 1; return b }',
  )
  differ(
    'function f() { let a; a = class {}; return a }',
    'function f() { let b; b = class {}; return b }',
  )
  differ('function f({ a = () => 1 }) { return a }', 'function f({ a: b = () => 1 }) { return b }')
  differ('function f() { function a() {} return a }', 'function f() { function b() {} return b }')
  differ('function f() { return function a() {} }', 'function f() { return function b() {} }')
  differ('function f() { return class a {} }', 'function f() { return class b {} }')
  same('function f() { const a = 1; return a }', 'function f() { const b = 1; return b }')
  // A parameter and a `var` of one name are one variable.
  differ('function f(a) { var a; return a }', 'function f(a) { var b; return b }')
  differ(
    'function f(a, g = () => a) { var a = 2; return g() }',
    'function f(a, g = () => a) { var b = 2; return g() }',
  )
  // Names of the platform are what they are.
  differ('function f() { return isNaN(1) }', 'function f() { return isFinite(1) }')
  differ('function f(isNaN) { return isNaN(1) }', 'function f(x) { return isNaN(1) }')
  differ('const a = make()\nconst b = make()', 'const b = make()\nconst a = make()')
  differ('class A { constructor(private x = 1) {} }', 'class A { constructor(private y = 1) {} }')
  differ(
    'function f() { const A = 5; enum E { A = 1, B = A } return E.B + A }',
    'function f() { const Z = 5; enum E { A = 1, B = Z } return E.B + Z }',
  )
})
