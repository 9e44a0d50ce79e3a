// Secrets that a person, or a list of usual passwords, would find.

const shortest = 16;
// A random text of 16 digits has fewer once in 50,000 times, and a UUID never.
const fewestTurns = 9;

/**
 * Whether a text has at least 16 characters, and they are no word that repeats, no row of digits and no number behind a name. Those take
 * the same turns again and again: a turn is the way from one character to the next two.
 */
export function isIrregular(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const turns = steps.slice(1).map((step, index) => `${steps[index]} ${step}`);
  return text.length >= shortest && new Set(turns).size >= fewestTurns;
}

/** Whether a secret is regular, is typed along the rows of a keyboard, or consists mostly of words. */
export function isGuessable(secret: string): boolean {
  return !isIrregular(secret) || isKeyboardWalk(secret) || surprisesIn(secret) < fewestSurprises;
}

const rows = [['1234567890', '!@#$%^&*()'], ['qwertyuiop'], ['asdfghjkl;'], ['zxcvbnm,./']];
const keyboard = new Map(
  rows.flatMap((texts, row) =>
    texts.flatMap((keys) => Array.from(keys, (key, column) => [key, { row, column }] as const)),
  ),
);
const walked = 0.65;

/** Whether two of three characters are beside the one before, on the usual keyboard. */
function isKeyboardWalk(secret: string): boolean {
  const places = Array.from(secret.toLowerCase(), (key) => keyboard.get(key));
  const walks = places.slice(1).filter((place, index) => {
    const before = places[index];
    if (place === undefined || before === undefined) return false;
    return Math.abs(place.row - before.row) <= 1 && Math.abs(place.column - before.column) <= 1;
  });
  return walks.length >= walked * (places.length - 1);
}

const fewestSurprises = 8;
// A usual word has about the surprise of two random characters.
const surprisesOfWord = 2;
const sharesOfVowels = 0.25;
// Words of examples, of settings and of every list of usual passwords. They are no surprise at all.
const expected =
  /correct|horse|battery|staple|change|example|your|place|holder|pass(word|wort)?|secret|token|operator|cookie|admin|holdfast|letmein|welcome|qwert[yz]|test|demo|default|replace|insert|generate|openssl|rand(om)?|hex|shop|store|this|that|here|with|please|live|production|development|staging|local|key/g;
const disguises: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Counts what remains to be guessed in a secret, in random characters, once its words are known. */
function surprisesIn(secret: string): number {
  const undisguised = Array.from(secret.toLowerCase(), (sign) => disguises[sign] ?? sign).join('');
  const characters = Array.from(secret);
  for (const { index, 0: word } of undisguised.matchAll(expected))
    characters.fill(' ', index, index + word.length);
  const pieces = characters.join('').match(/[A-Z]?[a-z]+|[A-Z]+|\d+|[^A-Za-z\d\s._-]/g) ?? [];
  return Array.from(new Set(pieces), surprisesOf).reduce((sum, surprises) => sum + surprises, 0);
}

function surprisesOf(piece: string): number {
  const vowels = piece.match(/[aeiouy]/gi)?.length ?? 0;
  const isWord =
    /^[a-z]{3,}$/i.test(piece) && !/[^aeiouy]{5}/i.test(piece) && vowels >= sharesOfVowels * piece.length;
  if (isWord) return surprisesOfWord;
  // A character that repeats the one before, or is its neighbour in the alphabet or the digits, is no surprise.
  const codes = Array.from(piece.toLowerCase(), (character) => character.charCodeAt(0));
  return codes.filter((code, index) => Math.abs(code - (codes[index - 1] ?? 0)) > 1).length;
}
