// Finding a choice by what was typed: its Chinese, or the first letters of its pinyin (yw → 语文).

/** Return the choices that fit, the best first; all of them for nothing typed. A choice is {name, initials}. */
export function matching(choices, typed) {
  const wanted = plain(typed);
  if (!wanted) return choices;
  return choices
    .map((choice, place) => ({ choice, place, rank: rank(choice, wanted) }))
    .filter((found) => found.rank < NONE)
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map((found) => found.choice);
}

/** Return the one choice that is called so, however it is typed; undefined for none. */
export function exact(choices, typed) {
  const wanted = plain(typed);
  return choices.find((choice) => plain(choice.name) === wanted);
}

const NONE = 5;

function rank({ name, initials }, wanted) {
  const own = plain(name);
  if (own === wanted) return 0;
  if (initials === wanted) return 1;
  if (own.startsWith(wanted)) return 2;
  if (initials.startsWith(wanted)) return 3;
  return own.includes(wanted) ? 4 : NONE;
}

function plain(text) {
  return text.normalize("NFKC").trim().toLowerCase();
}
