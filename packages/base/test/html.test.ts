import { expect, test } from 'vitest'
import { html, jsonBlock, script } from '../src/html.ts'

const HOSTILE = '</script><b>&"\' \u202e\u2066\u0000\u0085\ud800'

test('what is put in is text, without signs that could steer what follows', () => {
  expect(html`<p>${HOSTILE}</p>`.html).toBe(
    '<p>&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39; \ufffd\ufffd\ufffd\ufffd\ufffd</p>',
  )
  expect(html`${[html`<i></i>`, 'x<', undefined, 3]}${undefined}`.html).toBe('<i></i>x&lt;3')
})

test('a block of JSON has no end of its own, and its texts are as those of the page', () => {
  const { html: text } = jsonBlock('x', { label: HOSTILE, at: [1, null] })
  expect(text.match(/<\/script>/g)).toHaveLength(1)
  const json = text.slice(text.indexOf('>') + 1, text.lastIndexOf('<'))
  expect(JSON.parse(json)).toEqual({
    label: '</script><b>&"\' \ufffd\ufffd\ufffd\ufffd\ufffd',
    at: [1, null],
  })
})

test('a script with an end in it is refused', () => {
  expect(() => script('"</SCRIPT>"')).toThrow(TypeError)
})
