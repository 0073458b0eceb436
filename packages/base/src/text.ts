/** A text of at most `most` characters: what is longer is cut, and ends in `…`. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text
  // A character is one or two units long: enough of them to tell, however long the text is.
  const characters = Array.from(text.slice(0, 2 * most + 2))
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}
