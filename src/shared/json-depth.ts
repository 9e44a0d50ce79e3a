// The deepest nesting that is read. Stripe's events and the shop's own bodies have fewer than ten levels. Recursive functions, such as
// JSON.stringify and the JSON parser of Postgres, fail at some thousands.
const levelsAtMost = 100;

const [quote, backslash, openList, closeList, openObject, closeObject] = Array.from('"\\[]{}', (sign) =>
  sign.charCodeAt(0),
);

/** The refusal of a text that is nested too deeply, for the sender. */
export const nestedTooDeeply = `The JSON is nested more than ${levelsAtMost} levels deep.`;

/** Whether a JSON text nests objects and lists more than 100 levels deep. Of a text that is no JSON the result says nothing. */
export function isNestedTooDeeply(json: string): boolean {
  let level = 0;
  let isInText = false;
  for (let index = 0; index < json.length; index += 1) {
    const sign = json.charCodeAt(index);
    if (isInText) {
      if (sign === backslash) index += 1;
      else if (sign === quote) isInText = false;
    } else if (sign === quote) isInText = true;
    else if (sign === openList || sign === openObject) level += 1;
    else if (sign === closeList || sign === closeObject) level -= 1;
    if (level > levelsAtMost) return true;
  }
  return false;
}
