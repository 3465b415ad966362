/** Text of others (devices, operators, error messages) made fit for one line of a log, a record or a page. */

/** Control and format characters, private use, halves of a surrogate pair, line and paragraph separators: what a terminal or a reader of lines would obey. */
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** What nearly every text of a device is: nothing in it needs a closer look. */
const plain = /^[\x20-\x7e]*$/u;

/** One line: every unprintable character becomes `?`, and what is longer than `charactersMax` (UTF-16 units, at least 1) ends in `…`. */
export function printable(text: string, charactersMax: number): string {
  if (text.length <= charactersMax && plain.test(text)) return text;
  // Cut first: a long text costs no more than a short one, and half a pair left by the cut is unprintable.
  const cut = text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
  return cut.replaceAll(unprintable, "?");
}
