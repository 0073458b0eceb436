const LONGEST = 500

/**
 * A foreign text as part of a sentence: without line breaks and control characters, and short enough for a
 * reason, such as in an argument or a variable of a process.
 */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 2 * LONGEST)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line
}
